-- Time goes on for what is not analysed anew: it matures.
UPDATE derived.execution_state AS s SET matured = true
FROM derived.execution AS e JOIN derived.model_workflow AS m USING (wf)
WHERE e.eid = s.eid AND NOT s.matured AND (SELECT max(horizon_ns) FROM derived.source) - e.end_ns > m.mature_ns
