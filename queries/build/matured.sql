CREATE OR REPLACE TEMP TABLE b_matured AS
SELECT e.eid, e.wf, e.horizon_ns - e.end_ns > m.mature_ns AS matured
FROM derived.execution AS e JOIN derived.model_workflow AS m USING (wf)
