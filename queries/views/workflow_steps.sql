-- What each workflow does: its steps over all executions.
CREATE OR REPLACE VIEW workflow_steps AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
seen AS (SELECT wf, st, count(DISTINCT eid) AS executions, min(t.start_ns - e.start_ns) AS first_ns
    FROM derived.execution_step AS s JOIN derived.execution AS e USING (eid, wf) JOIN derived.step AS t USING (step) GROUP BY ALL)
SELECT w.workflow, m.service, m.name, kind_name(m.kind) AS kind, s.executions,
    s.executions / w.executions AS share, m.count, m.errors, m.p50_ns, m.p95_ns, o.team
FROM derived.model_step AS m
JOIN derived.model_workflow AS w USING (wf)
JOIN seen AS s USING (wf, st)
LEFT JOIN service_owner AS o ON o.name = m.service AND o.namespace IS NOT DISTINCT FROM m.namespace
ORDER BY w.workflow, s.first_ns
