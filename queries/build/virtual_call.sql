-- Calls of peers that send no telemetry, by execution: what the workflow graph counts.
-- needs: derived.virtual_step
CREATE OR REPLACE TABLE derived.virtual_call AS
SELECT x.eid, x.wf, x.st, x.step, v.service, v.name, v.peer_kind, v.failed, v.end_ns - v.start_ns AS lasted_ns
FROM derived.virtual_step AS v JOIN derived.execution_step AS x ON x.step = v.caller
