SELECT scope_id FROM store.scope
ANTI JOIN (SELECT DISTINCT scope_id FROM store.span) AS s USING (scope_id)
