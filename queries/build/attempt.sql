-- attempt counts tries at one piece of work: one more after each failure or refusal of the one before; for
-- an engine's activity, whose failures may be unseen, one more each time. last_attempt: no further try
-- followed.
CREATE OR REPLACE TEMP TABLE b_attempt AS
WITH again AS (SELECT piece FROM derived.step GROUP BY piece HAVING count(*) > 1),
tried AS (
    SELECT step, piece, start_ns, span_id, coalesce(sum((NOT failed AND NOT refused AND activity IS NULL)::INTEGER) OVER (
        PARTITION BY piece ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS done_before
    FROM derived.step SEMI JOIN again USING (piece)
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY piece, done_before ORDER BY start_ns, span_id)::INTEGER AS attempt
    FROM tried
)
SELECT step, attempt, coalesce(lead(attempt) OVER (PARTITION BY piece ORDER BY start_ns, span_id), 1) = 1 AS last_attempt
FROM counted
