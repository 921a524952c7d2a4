SELECT shape_id FROM store.shape
ANTI JOIN (
    SELECT shape_id FROM store.span UNION SELECT shape_id FROM store.link
    UNION SELECT shape_id FROM store.log UNION SELECT shape_id FROM store.event UNION SELECT shape_id FROM store.resource
    UNION SELECT shape_id FROM store.scope
) AS s USING (shape_id)
