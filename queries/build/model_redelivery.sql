-- Per consumer group of a destination and how often a message had failed (tries; 0: however often): of such messages
-- how many came again, and after how long. What may yet come again is no sample.
-- needs: b_failed_try
CREATE OR REPLACE TABLE derived.model_redelivery AS
WITH failed AS (
    SELECT hash(text_hash(m.system), text_hash(m.destination), text_hash(f.consumer_group)) AS taker, f.tries,
        CASE WHEN f.again_ns IS NOT NULL THEN greatest(f.again_ns - f.ended_ns, 0) END AS wait_ns, x.horizon_ns - f.ended_ns AS age_ns
    FROM b_failed_try AS f
    JOIN derived.message AS m USING (mid)
    JOIN derived.step AS s ON s.step = f.step
    JOIN derived.source AS x ON x.source_id = s.source_id
    WHERE m.destination IS NOT NULL
),
wait AS (
    SELECT taker, count(*) AS times, quantile_disc(wait_ns, 0.99) AS p99_ns FROM failed WHERE wait_ns IS NOT NULL GROUP BY taker
),
decided AS (
    SELECT f.taker, f.tries, f.wait_ns IS NOT NULL AS came
    FROM failed AS f JOIN wait AS w USING (taker)
    WHERE came OR f.age_ns > learned_deadline(w.p99_ns)
),
counted AS (
    SELECT taker, coalesce(tries, 0) AS tries, count(*) AS failed, count(*) FILTER (came) AS came
    FROM decided GROUP BY GROUPING SETS ((taker), (taker, tries))
)
SELECT c.*, CASE WHEN w.times >= 30 THEN learned_deadline(w.p99_ns)
        ELSE greatest($deadline_handoff_ns, learned_deadline(w.p99_ns)) END AS deadline_ns,
    CASE WHEN w.times >= 30 THEN printf('learned: 10 x p99 of %d', w.times) ELSE 'default' END AS deadline_source
FROM counted AS c JOIN wait AS w USING (taker)
