-- The spans received after batch $after up to $upto, copies and all, by the minute in which they ended.
CREATE OR REPLACE TEMP TABLE b_fresh AS
WITH ended AS (
    SELECT batch_id, resource_id, clock(end_ns) AS end_ns
    FROM store.span WHERE batch_id > $after AND batch_id <= $upto
)
SELECT b.source_id, e.resource_id, e.end_ns // 60000000000 AS minute, count(*) AS spans,
    min(e.end_ns, 2) AS first_ns, max(e.end_ns, 2) AS last_ns
FROM ended AS e JOIN store.batch AS b USING (batch_id)
GROUP BY ALL
