-- Candidates for the end-to-end owner of each workflow: declared; else the orchestrator, which is
-- the service that runs the engine's workflow span; else the service that started it.
CREATE OR REPLACE TEMP TABLE o_workflow AS
WITH seen AS (SELECT DISTINCT workflow FROM derived.execution WHERE workflow IS NOT NULL),
orchestrator AS (
    SELECT e.workflow, s.service, count(DISTINCT e.eid) AS executions
    FROM derived.step AS s
    JOIN derived.execution_step AS x USING (step)
    JOIN derived.execution AS e USING (eid)
    WHERE starts_with(s.name, 'RunWorkflow:') AND e.workflow IS NOT NULL
    GROUP BY ALL
),
starter AS (
    SELECT workflow, start_service AS service, count(*) AS executions
    FROM derived.execution WHERE workflow IS NOT NULL AND start_service IS NOT NULL
    GROUP BY ALL
)
SELECT
    s.workflow, c.team, c.written, c.source, c.rule, c.rank, 0::BIGINT AS weight, c.voice
FROM seen AS s JOIN o_claim AS c ON c.kind = 'workflow' AND c.name = s.workflow
UNION ALL
SELECT
    o.workflow, t.team, NULL, 'orchestrated by ' || o.service, 'orchestrator', 31000, o.executions, NULL
FROM orchestrator AS o LEFT JOIN o_service_team AS t ON t.service = o.service
UNION ALL
SELECT s.workflow, t.team, NULL, 'started by ' || s.service, 'started-by', 32000, s.executions, NULL
FROM starter AS s LEFT JOIN o_service_team AS t ON t.service = s.service
UNION ALL
SELECT workflow, NULL, NULL, NULL, 'no-match', 90000, 0, NULL FROM seen
