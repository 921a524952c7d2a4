-- How each execution stands: what failed for good, whether ordinary work went on after it, and
-- whether compensation ran: steps that appear only after a failure, in this workflow.
CREATE OR REPLACE TEMP TABLE b_ending AS
WITH failed AS (
    SELECT s.eid, max(t.end_ns) AS failed_ns, arg_max(t.service || ' ' || t.name, t.end_ns) AS what
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND t.failed GROUP BY s.eid
),
first_failed AS (
    SELECT s.eid, min(t.start_ns) AS failed_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND t.failed GROUP BY s.eid
),
after AS (
    SELECT s.eid,
        bool_or(c.st IS NULL AND NOT t.failed AND t.start_ns >= f.failed_ns) AS compensated,
        bool_or(c.st IS NOT NULL AND NOT t.failed AND t.end_ns > l.failed_ns AND t.start_ns >= f.failed_ns) AS went_on
    FROM derived.execution_step AS s
    JOIN derived.step AS t USING (step)
    JOIN first_failed AS f USING (eid)
    JOIN failed AS l USING (eid)
    LEFT JOIN derived.clean_step AS c ON c.wf = s.wf AND c.st = s.st
    GROUP BY s.eid
)
SELECT e.eid, f.failed_ns, f.what, coalesce(a.compensated, false) AS compensated, coalesce(a.went_on, false) AS went_on
FROM derived.execution AS e LEFT JOIN failed AS f USING (eid) LEFT JOIN after AS a USING (eid)
