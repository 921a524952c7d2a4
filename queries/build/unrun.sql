-- What an execution leaves unrun when its next step never comes: that step and all that is expected
-- to follow it. Listed as the effects of the finding that explains it.
-- needs: derived.expected_next
CREATE OR REPLACE TEMP TABLE b_unrun AS
WITH RECURSIVE chain(wf, first_st, st) AS (
    SELECT DISTINCT wf, to_st, to_st FROM derived.expected_next
    UNION
    SELECT c.wf, c.first_st, n.to_st
    FROM chain AS c JOIN derived.model_next AS n ON n.wf = c.wf AND n.from_st = c.st AND n.expected
)
SELECT x.eid, list_sort(list(DISTINCT printf('%s (%s) has not run', k.name, k.service))) AS steps
FROM derived.expected_next AS x
JOIN chain AS c ON c.wf = x.wf AND c.first_st = x.to_st
JOIN derived.model_step AS k ON k.wf = c.wf AND k.st = c.st
WHERE NOT EXISTS (SELECT 1 FROM derived.execution_step AS s WHERE s.eid = x.eid AND s.st = c.st)
GROUP BY x.eid
