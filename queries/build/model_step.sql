-- Per workflow and kind of step: in how many executions, how often once only, how long.
-- Deadlines: 10 times p99, at least 1 s, from 30 samples; else the default (design section 8).
CREATE OR REPLACE TABLE derived.model_step AS
WITH piece AS (
    SELECT s.eid, s.wf, s.st,
        -- Two tries at one message are one piece of work.
        count(DISTINCT coalesce(t.mid, t.step)) FILTER (s.last_attempt AND NOT t.failed AND NOT t.refused) AS done, count(*) AS tries,
        count(*) FILTER (t.failed) AS failures
    FROM derived.execution_step AS s
    JOIN derived.step AS t USING (step)
    JOIN b_matured AS m USING (eid)
    WHERE m.matured AND s.step NOT IN (SELECT sid FROM derived.reception WHERE doubled)
    GROUP BY ALL
),
often AS (
    SELECT wf, st, count(*) AS executions, count(*) FILTER (done = 1) AS once, count(*) FILTER (done >= 1) AS done
    FROM piece GROUP BY ALL
),
lasted AS (
    SELECT s.wf, s.st, any_value(t.service) AS service, min(t.namespace) AS namespace, any_value(t.name) AS name,
        min(t.kind) AS kind, count(*) AS count, count(*) FILTER (t.failed) AS errors,
        quantile_disc(t.end_ns - t.start_ns, 0.5) AS p50_ns,
        quantile_disc(t.end_ns - t.start_ns, 0.95) AS p95_ns,
        quantile_disc(t.end_ns - t.start_ns, 0.99) AS p99_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    GROUP BY ALL
)
SELECT l.*, coalesce(o.executions, 0) AS executions, coalesce(o.once, 0) AS once, coalesce(o.done, 0) AS done,
    CASE WHEN l.count >= 30 THEN learned_deadline(l.p99_ns) ELSE $deadline_step_ns END AS deadline_ns,
    CASE WHEN l.count >= 30 THEN printf('learned: 10 x p99 of %d', l.count) ELSE 'default' END AS deadline_source
FROM lasted AS l LEFT JOIN often AS o USING (wf, st)
