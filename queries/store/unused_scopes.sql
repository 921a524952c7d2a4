SELECT scope_id FROM store.scope
ANTI JOIN (SELECT scope_id FROM store.span UNION SELECT scope_id FROM store.log) AS s USING (scope_id)
