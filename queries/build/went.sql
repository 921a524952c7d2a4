-- By which asynchronous hand-offs those executions went on all the same.
CREATE OR REPLACE TEMP TABLE b_went AS
SELECT DISTINCT eid, from_st, to_st
FROM derived.handoff
WHERE is_async AND eid IN (SELECT eid FROM b_next_missing)
