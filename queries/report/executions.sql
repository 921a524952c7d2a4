-- Executions that a window covers, by workflow and status: those that did something in it, and those
-- that earlier ones left open or with an open finding. Not accounted for: an open orphaned,
-- duplicated, stalled or inconsistent finding concerns it. $from_ns null: since the beginning.
WITH blamed AS (
    SELECT DISTINCT c.eid
    FROM derived.finding_execution AS c ANTI JOIN store.mute AS m USING (fingerprint)
    WHERE c.family IN ('orphaned', 'duplicated', 'stalled', 'inconsistent')
),
covered AS (
    SELECT
        e.workflow, s.status, b.eid IS NOT NULL AS blamed,
        $from_ns IS NOT NULL AND e.end_ns < $from_ns AS earlier
    FROM derived.execution AS e
    JOIN derived.execution_state AS s USING (eid)
    LEFT JOIN blamed AS b USING (eid)
    WHERE e.start_ns < $to_ns
        AND ($from_ns IS NULL OR e.end_ns >= $from_ns OR b.eid IS NOT NULL
            OR s.status IN ('running', 'stalled'))
)
SELECT
    c.workflow, o.team, c.status, count(*) AS executions,
    count(*) FILTER (NOT c.blamed) AS accounted, count(*) FILTER (c.earlier) AS earlier
FROM covered AS c
LEFT JOIN derived.owner AS o ON o.kind = 'workflow' AND o.name = c.workflow
GROUP BY c.workflow, o.team, c.status
ORDER BY c.workflow, c.status
