-- Per execution the first of the expected steps that are missing, after the last step done that they
-- follow.
CREATE OR REPLACE TEMP TABLE b_next_missing AS
WITH lacking AS (
    SELECT d.eid, d.wf, d.step, d.st AS from_st, n.to_st, d.done_ns AS end_ns, n.followed, n.executions, n.deadline_ns, n.deadline_source
    FROM b_kind AS d
    JOIN derived.model_next AS n ON n.wf = d.wf AND n.from_st = d.st AND n.expected AND d.done_ns >= n.first_ns
    ANTI JOIN b_kind AS p ON p.eid = d.eid AND p.st = n.to_st
    QUALIFY row_number() OVER (PARTITION BY d.eid, n.to_st ORDER BY d.done_ns DESC, d.st) = 1
)
SELECT l.* FROM lacking AS l
WHERE NOT EXISTS (
    SELECT 1 FROM lacking AS o
    JOIN derived.model_next AS n ON n.wf = o.wf AND n.from_st = o.to_st AND n.expected
    WHERE o.eid = l.eid AND n.to_st = l.to_st)
-- What leads there failed: what comes after a failure is another matter.
AND NOT EXISTS (
    SELECT 1 FROM b_kind AS f
    JOIN derived.model_next AS n ON n.wf = f.wf AND n.from_st = f.st AND n.expected
    WHERE f.failed AND f.eid = l.eid AND f.wf = l.wf AND n.to_st = l.to_st)
