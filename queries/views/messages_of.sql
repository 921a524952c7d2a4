-- The rows of view messages for the messages of these numbers (mid): of one execution's, a few of millions.
CREATE OR REPLACE MACRO messages_of(wanted) AS TABLE
WITH asked AS (SELECT unnest(wanted) AS mid),
taken AS (
    SELECT mid, consumer_group,
        list({'service': service, 'trace_id': hex_trace_id(trace_id), 'span_id': hex_span_id(span_id), 'operation': operation,
            'status': CASE WHEN failed THEN 'error' ELSE 'ok' END, 'started_at': utc(start_ns)} ORDER BY start_ns, span_id) AS consumers,
        bool_or(operation = 'process' AND NOT failed AND NOT dead_letter) AS processed, bool_or(operation = 'settle') AS settled
    FROM derived.reception SEMI JOIN asked USING (mid) WHERE NOT doubled GROUP BY mid, consumer_group
),
dead AS (SELECT DISTINCT mid FROM derived.reception SEMI JOIN asked USING (mid) WHERE dead_letter),
message AS (SELECT m.* FROM derived.message AS m SEMI JOIN asked USING (mid)),
-- Taken from a dead-letter destination under the same id, by whatever way it got there.
-- (Who took a message is a reception; most stores have none of such, and no span is looked at.)
dead_id AS (
    SELECT DISTINCT s.system, s.message_id
    FROM derived.span_field AS s SEMI JOIN message USING (message_id)
    WHERE s.kind = 5 AND s.sid IN (SELECT sid FROM derived.reception WHERE dead_letter)
),
belongs AS (
    SELECT y.mid, list(DISTINCT e.execution ORDER BY e.execution) AS executions
    FROM (
        SELECT mid, producer_step AS step FROM message WHERE producer_step IS NOT NULL
        UNION SELECT mid, step FROM derived.reception
        WHERE mid IN (SELECT mid FROM message WHERE producer_step IS NULL)
    ) AS y
    JOIN derived.execution_step AS x USING (step) JOIN derived.execution AS e USING (eid)
    GROUP BY y.mid
)
SELECT
    CASE WHEN m.span_id IS NULL THEN 'seen:' || hex(m.mid) ELSE hex_trace_id(m.trace_id) || ':' || hex_span_id(m.span_id) END AS message,
    m.system, m.destination, m.message_id, m.producer_service,
    hex_trace_id(m.trace_id) AS producer_trace_id, hex_span_id(m.span_id) AS producer_span_id,
    utc(m.published_ns) AS published_at,
    CASE
        -- One group's failure is not another's.
        WHEN (d.mid IS NOT NULL OR di.message_id IS NOT NULL) AND NOT coalesce(t.processed, false)
            THEN 'dead-lettered'
        WHEN t.settled THEN 'settled'
        WHEN t.processed THEN 'processed'
        WHEN t.mid IS NOT NULL THEN 'received'
        ELSE 'published'
    END AS state,
    t.consumer_group, coalesce(t.consumers, []) AS consumers, coalesce(b.executions, []) AS executions
FROM message AS m
LEFT JOIN taken AS t USING (mid)
LEFT JOIN dead AS d USING (mid)
LEFT JOIN dead_id AS di ON di.message_id = m.message_id AND di.system IS NOT DISTINCT FROM m.system
LEFT JOIN belongs AS b ON b.mid = m.mid
