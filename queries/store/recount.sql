-- Brings the counts of batches in line with their rows, where spans were lost or deleted.
UPDATE store.batch AS b SET spans = n.spans, links = n.links, events = n.events, logs = n.logs
FROM (
    SELECT b.batch_id, coalesce(s.rows, 0) AS spans, coalesce(l.rows, 0) AS links,
        coalesce(e.rows, 0) AS events, coalesce(g.rows, 0) AS logs
    FROM store.batch AS b
    LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.span GROUP BY ALL) AS s USING (batch_id)
    LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.link GROUP BY ALL) AS l USING (batch_id)
    LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.event GROUP BY ALL) AS e USING (batch_id)
    LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.log GROUP BY ALL) AS g USING (batch_id)
) AS n
WHERE n.batch_id = b.batch_id
    AND (n.spans, n.links, n.events, n.logs) != (b.spans, b.links, b.events, b.logs)
