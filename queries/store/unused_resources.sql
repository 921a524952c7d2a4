SELECT resource_id FROM store.resource
ANTI JOIN (SELECT resource_id FROM store.span UNION SELECT resource_id FROM store.log) AS s USING (resource_id)
