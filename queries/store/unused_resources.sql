SELECT resource_id FROM store.resource
ANTI JOIN (SELECT DISTINCT resource_id FROM store.span) AS s USING (resource_id)
