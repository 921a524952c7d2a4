-- Per execution and kind of step: when it first began; how often it went well, by which step last, and when.
CREATE OR REPLACE TEMP TABLE b_kind AS
SELECT eid, wf, st, min(start_ns) AS start_ns, bool_or(given_up) AS failed,
    count(*) FILTER (good) AS done, max(end_ns) FILTER (good) AS done_ns,
    -- The last by its end, then its id.
    arg_max(step, end_ns::HUGEINT * 18446744073709551616 + span_id) FILTER (good) AS step
FROM (
    SELECT s.eid, s.wf, s.st, s.step, t.start_ns, t.end_ns, t.span_id, s.last_attempt AND s.failed AS given_up,
        s.last_attempt AND NOT s.failed AND NOT t.refused AS good
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
)
GROUP BY eid, wf, st
