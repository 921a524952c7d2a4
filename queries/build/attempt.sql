-- attempt counts tries at one piece of work (same caller, service, name, message): one more after
-- each failure or refusal of the one before; for an engine's activity, whose failures may be unseen, one more
-- each time. last_attempt: no further try followed.
CREATE OR REPLACE TABLE derived.step AS
WITH again AS (SELECT piece FROM b_step GROUP BY piece HAVING count(*) > 1),
tried AS (
    SELECT *, coalesce(sum((NOT failed AND NOT refused AND activity IS NULL)::INTEGER) OVER (
        PARTITION BY piece ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS done_before
    FROM b_step SEMI JOIN again USING (piece)
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY piece, done_before ORDER BY start_ns, span_id)::INTEGER AS attempt
    FROM tried
)
SELECT * EXCLUDE (done_before),
    coalesce(lead(attempt) OVER (PARTITION BY piece ORDER BY start_ns, span_id), 1) = 1 AS last_attempt
FROM counted
UNION ALL
SELECT *, 1, true FROM b_step ANTI JOIN again USING (piece)
