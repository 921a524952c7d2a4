-- Who held what, as api/custody tells it of now. An execution that had another name then, for lack of the
-- span that names it, is the one whose traces are all among those of the asked one.
WITH named AS (
    SELECT eid FROM derived.execution WHERE execution = $execution OR $execution IS NULL
),
renamed AS (
    SELECT x.eid FROM derived.execution_step AS x JOIN derived.step AS t USING (step)
    GROUP BY x.eid HAVING bool_and(t.trace_id IN (SELECT trace_id FROM a_asked))
),
asked AS (
    SELECT eid FROM named
    UNION ALL
    SELECT eid FROM renamed WHERE NOT EXISTS (FROM named)
)
SELECT e.execution, c.branch, c.holder, c.holder_kind, c.state, utc(c.since_ns) AS since, c.team,
    CASE WHEN c.holder_kind = 'done'
        THEN json_object('last_step', c.last_step, 'span_id', hex_span_id(c.last_span_id), 'failed_in', x.failed_in)
        ELSE json_merge_patch(coalesce(c.evidence, '{}'), json_object('expected_next', c.next_steps)) END AS evidence
FROM derived.custody AS c
JOIN derived.execution AS e USING (eid)
JOIN derived.execution_state AS x USING (eid)
SEMI JOIN asked USING (eid)
ORDER BY since, e.execution, c.branch
LIMIT $limit
