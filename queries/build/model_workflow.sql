-- Per workflow: how long executions are quiet between steps, and so when one counts as matured.
CREATE OR REPLACE TABLE derived.model_workflow AS
WITH gap AS (
    -- In which order those come that began at once tells nothing: there is no pause between them.
    SELECT e.wf, r.start_ns - max(r.end_ns) OVER (
        PARTITION BY r.eid ORDER BY r.start_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gap_ns
    FROM b_run_step AS r JOIN derived.execution AS e USING (eid)
),
quiet AS (SELECT wf, quantile_disc(greatest(gap_ns, 0), 0.99) AS p99_gap_ns FROM gap WHERE gap_ns IS NOT NULL GROUP BY wf)
SELECT e.wf, any_value(e.workflow) AS workflow, any_value(e.start_service) AS start_service, count(*) AS executions,
    any_value(q.p99_gap_ns) AS p99_gap_ns,
    CASE WHEN count(*) >= 30 THEN greatest(learned_deadline(coalesce(any_value(q.p99_gap_ns), 0)), 10000000000)
        ELSE 900000000000 END AS mature_ns
FROM derived.execution AS e LEFT JOIN quiet AS q USING (wf)
GROUP BY e.wf
