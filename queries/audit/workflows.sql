-- Each workflow in numbers: how its executions ended and how long they took, who takes part, and how
-- long callers waited in synchronous calls (calls side by side of one caller count once).
WITH done AS (
    SELECT e.*, s.status, s.status IN ('completed', 'failed', 'compensated') AS ended
    FROM derived.execution AS e JOIN derived.execution_state AS s USING (eid)
    WHERE e.workflow IS NOT NULL AND ($workflow IS NULL OR e.workflow = $workflow)
),
called AS (
    -- What the caller sees of a call is its client span; without one, the callee is all there is.
    SELECT h.eid, h.from_step AS caller,
        CASE WHEN p.kind = 3 THEN p.start_ns ELSE b.start_ns END AS start_ns,
        CASE WHEN p.kind = 3 THEN p.end_ns ELSE b.end_ns END AS end_ns
    FROM derived.handoff AS h
    JOIN derived.step AS b ON b.step = h.to_step
    LEFT JOIN derived.span AS p ON p.sid = b.psid AND p.sid != h.from_step
    WHERE NOT h.is_async
    UNION ALL
    SELECT x.eid, v.caller, v.start_ns, v.end_ns
    FROM derived.virtual_step AS v JOIN derived.execution_step AS x ON x.step = v.caller
),
ordered AS (
    SELECT *, max(end_ns) OVER (
        PARTITION BY eid, caller ORDER BY start_ns, end_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before_ns
    FROM called
),
waited AS (
    SELECT eid, caller, sum(greatest(0, end_ns - greatest(start_ns, coalesce(before_ns, start_ns))))::BIGINT AS waited_ns
    FROM ordered GROUP BY eid, caller
),
of_execution AS (
    SELECT w.eid, sum(w.waited_ns)::BIGINT AS waited_ns, sum(s.end_ns - s.start_ns)::BIGINT AS busy_ns
    FROM waited AS w JOIN derived.step AS s ON s.step = w.caller GROUP BY w.eid
),
minute AS (
    SELECT workflow, max(n) AS peak FROM (
        SELECT workflow, start_ns // 60000000000 AS minute, count(*) AS n FROM done GROUP BY ALL
    ) GROUP BY workflow
),
takes_part AS (
    SELECT d.workflow, list(DISTINCT s.service ORDER BY s.service) AS services
    FROM done AS d JOIN derived.execution_step AS x USING (eid) JOIN derived.step AS s USING (step) GROUP BY d.workflow
),
starter AS (
    SELECT workflow, start_service FROM done WHERE start_service IS NOT NULL
    GROUP BY workflow, start_service
    QUALIFY row_number() OVER (PARTITION BY workflow ORDER BY count(*) DESC, start_service) = 1
)
SELECT
    d.workflow, any_value(o.team) AS team, any_value(o.rule) AS team_rule, any_value(o.source) AS team_source,
    any_value(st.start_service) AS started_by,
    count(*) AS executions,
    count(*) FILTER (status = 'completed') AS completed, count(*) FILTER (status = 'failed') AS failed,
    count(*) FILTER (status = 'compensated') AS compensated, count(*) FILTER (status = 'stalled') AS stalled,
    count(*) FILTER (status = 'running') AS running, count(*) FILTER (status = 'abandoned') AS abandoned,
    utc(min(d.start_ns)) AS first_started_at, utc(max(d.start_ns)) AS last_started_at,
    quantile_disc(d.end_ns - d.start_ns, 0.5) FILTER (ended) AS p50_ns,
    quantile_disc(d.end_ns - d.start_ns, 0.95) FILTER (ended) AS p95_ns,
    max(d.end_ns - d.start_ns) FILTER (ended) AS max_ns,
    CASE WHEN count(*) > 1 AND max(d.start_ns) - min(d.start_ns) >= 60000000000
        THEN (count(*) - 1) * 3.6e12 / (max(d.start_ns) - min(d.start_ns)) END AS per_hour,
    any_value(m.peak) AS peak_per_minute,
    any_value(t.services) AS services,
    quantile_disc(coalesce(w.waited_ns, 0), 0.5) AS p50_waited_ns,
    quantile_disc(coalesce(w.waited_ns, 0), 0.95) AS p95_waited_ns,
    coalesce(sum(w.waited_ns), 0)::BIGINT AS waited_ns, coalesce(sum(w.busy_ns), 0)::BIGINT AS busy_ns
FROM done AS d
LEFT JOIN of_execution AS w USING (eid)
LEFT JOIN minute AS m USING (workflow)
LEFT JOIN takes_part AS t USING (workflow)
LEFT JOIN starter AS st USING (workflow)
LEFT JOIN derived.owner AS o ON o.kind = 'workflow' AND o.name = d.workflow
GROUP BY d.workflow
ORDER BY executions DESC, d.workflow
