-- The rows of view executions for the executions of these numbers (eid): what is listed is few of millions.
CREATE OR REPLACE MACRO executions_of(wanted) AS TABLE
WITH asked AS (SELECT unnest(wanted) AS eid),
holder AS (
    SELECT eid, list({'holder': holder, 'holder_kind': holder_kind, 'state': state, 'since': utc(since_ns), 'team': team}
        ORDER BY branch) AS holders
    FROM derived.custody SEMI JOIN asked USING (eid) GROUP BY eid
),
-- Few have a parent, and all names there are would be read for them.
asked_of AS (SELECT * FROM derived.execution SEMI JOIN asked USING (eid)),
above AS (SELECT eid, execution FROM derived.execution WHERE eid IN (SELECT parent_eid FROM asked_of WHERE parent_eid IS NOT NULL))
SELECT
    e.execution,
    CASE WHEN e.key IS NOT NULL THEN {'key': e.key, 'value': e.value} END AS correlation,
    e.workflow, s.status, utc(e.start_ns) AS started_at, utc(e.end_ns) AS last_seen, e.services,
    e.traces::INTEGER AS traces, e.spans, p.execution AS parent, h.holders
FROM asked_of AS e
JOIN derived.execution_state AS s USING (eid)
LEFT JOIN above AS p ON p.eid = e.parent_eid
LEFT JOIN holder AS h ON h.eid = e.eid
