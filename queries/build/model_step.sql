-- Per workflow and kind of step: in how many executions, how often once only, how long.
-- Deadlines: 10 times p99, at least 1 s, from 30 samples; else the default (design section 8).
CREATE OR REPLACE TABLE derived.model_step AS
WITH doubled AS (SELECT DISTINCT sid AS step FROM derived.reception WHERE doubled),
-- What ran once at most is told by b_kind. The rest is counted: two tries at one message are one piece of work.
several AS MATERIALIZED (
    SELECT eid, wf, st FROM (
        SELECT eid, wf, st FROM b_kind WHERE done > 1
        UNION ALL
        SELECT eid, wf, st FROM derived.execution_step SEMI JOIN doubled USING (step)
    ) GROUP BY eid, wf, st HAVING count(*) > 0
),
piece AS (
    SELECT eid, wf, st, done FROM b_kind ANTI JOIN several USING (eid, wf, st)
    UNION ALL
    SELECT s.eid, s.wf, s.st, count(DISTINCT coalesce(t.mid, t.step)) FILTER (s.last_attempt AND NOT t.failed AND NOT t.refused)
    FROM derived.execution_step AS s
    SEMI JOIN several USING (eid, wf, st)
    ANTI JOIN doubled USING (step)
    JOIN derived.step AS t USING (step)
    GROUP BY s.eid, s.wf, s.st
),
often AS (
    SELECT wf, st, count(*) AS executions, count(*) FILTER (done = 1) AS once, count(*) FILTER (done >= 1) AS done
    FROM piece SEMI JOIN (SELECT eid FROM b_matured WHERE matured) USING (eid)
    GROUP BY wf, st
),
lasted AS (
    SELECT s.wf, s.st, any_value(t.service) AS service, min(t.namespace) AS namespace, any_value(t.name) AS name,
        min(t.kind) AS kind, count(*) AS count, count(*) FILTER (t.failed) AS errors,
        quantile_disc(t.end_ns - t.start_ns, [0.5, 0.95, 0.99]) AS lasted_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    GROUP BY s.wf, s.st
)
SELECT l.* EXCLUDE (lasted_ns), l.lasted_ns[1] AS p50_ns, l.lasted_ns[2] AS p95_ns, l.lasted_ns[3] AS p99_ns,
    coalesce(o.executions, 0) AS executions, coalesce(o.once, 0) AS once, coalesce(o.done, 0) AS done,
    CASE WHEN l.count >= 30 THEN learned_deadline(l.lasted_ns[3]) ELSE $deadline_step_ns END AS deadline_ns,
    CASE WHEN l.count >= 30 THEN printf('learned: 10 x p99 of %d', l.count) ELSE 'default' END AS deadline_source
FROM lasted AS l LEFT JOIN often AS o USING (wf, st)
