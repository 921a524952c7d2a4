-- The spans to delete: received before $cutoff_ns, with all of their copies. What still holds others:
-- level 0 keeps executions that are not done, or of which a part is younger, and with them all that
-- shares a trace, so that no parent goes missing; level 1 deletes open ones too; level 2 goes by
-- age alone.
CREATE OR REPLACE TEMP TABLE victim AS
WITH RECURSIVE age AS (
    SELECT s.trace_id, s.span_id, max(b.received_ns) AS received_ns
    FROM store.span AS s JOIN store.batch AS b USING (batch_id)
    GROUP BY s.trace_id, s.span_id
),
trace_age AS (SELECT trace_id, max(received_ns) AS received_ns FROM age GROUP BY trace_id),
part AS (
    SELECT DISTINCT x.eid, d.trace_id
    FROM derived.execution_step AS x
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    WHERE $level < 2
),
held AS (
    SELECT DISTINCT p.eid FROM part AS p JOIN trace_age AS a USING (trace_id)
    WHERE a.received_ns >= $cutoff_ns
    UNION
    SELECT eid FROM derived.execution_state
    WHERE $level < 1 AND status IN ('running', 'stalled')
    UNION
    SELECT q.eid FROM held AS h JOIN part AS p USING (eid) JOIN part AS q USING (trace_id)
),
kept AS (SELECT DISTINCT p.trace_id FROM held AS h JOIN part AS p USING (eid))
SELECT s.batch_id, s.span_no, s.trace_id, s.span_id
FROM store.span AS s
JOIN age AS a USING (trace_id, span_id)
ANTI JOIN kept AS k USING (trace_id)
WHERE a.received_ns < $cutoff_ns
