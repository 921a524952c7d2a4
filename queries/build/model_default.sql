-- Workflows that were not known when the model was learned: they go by the defaults until it is learned anew.
CREATE OR REPLACE TABLE derived.model_workflow AS
SELECT * FROM derived.model_workflow
UNION ALL BY NAME
SELECT e.wf, any_value(e.workflow) AS workflow, any_value(e.start_service) AS start_service, count(*) AS executions,
    NULL::BIGINT AS p99_gap_ns, 900000000000::BIGINT AS mature_ns
FROM derived.execution AS e WHERE e.wf NOT IN (SELECT wf FROM derived.model_workflow) GROUP BY e.wf
