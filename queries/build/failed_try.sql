-- Tries at a message that failed: how many had failed by then (tries), when the last of them ended, and when its
-- consumer group took it again, if it did. Where processing has spans of its own, receiving is none.
-- needs: derived.reception
CREATE OR REPLACE TEMP TABLE b_failed_try AS
WITH taken AS (
    SELECT r.mid, r.consumer_group, r.step, r.service, r.span_id, r.failed, r.start_ns, r.end_ns
    FROM derived.reception AS r
    WHERE NOT r.doubled AND NOT r.dead_letter AND r.mid IN (SELECT mid FROM derived.reception WHERE failed)
        AND coalesce(r.operation, '') NOT IN ('settle', 'reject')
    QUALIFY r.operation = 'process' OR NOT coalesce(bool_or(r.operation = 'process') OVER (PARTITION BY r.mid, r.consumer_group), false)
)
SELECT * EXCLUDE (failed)
FROM (
    SELECT mid, consumer_group, step, service, span_id, failed, count(*) FILTER (failed) OVER so_far AS tries,
        max(end_ns) OVER so_far AS ended_ns, lead(start_ns) OVER in_turn AS again_ns
    FROM taken
    WINDOW in_turn AS (PARTITION BY mid, consumer_group ORDER BY start_ns, span_id),
        so_far AS (PARTITION BY mid, consumer_group ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE failed
