-- Steps whose work is compared at first: those that lack their successor, and a hundred that have it.
CREATE OR REPLACE TEMP TABLE b_wanted AS
WITH hundred AS (
    SELECT wf, from_st, to_st, min(step, 100) AS steps FROM b_before WHERE NOT lacks GROUP BY wf, from_st, to_st
)
SELECT * FROM b_before WHERE lacks OR step IN (SELECT unnest(steps) FROM hundred)
