-- Who holds each execution at the horizon, one row an open branch.
CREATE OR REPLACE VIEW custody AS
SELECT e.execution, c.branch, c.holder, c.holder_kind, c.state, utc(c.since_ns) AS since, c.team,
    CASE WHEN c.holder_kind = 'done'
        THEN json_object('last_step', c.last_step, 'span_id', hex_span_id(c.last_span_id), 'failed_in', x.failed_in)
        ELSE json_merge_patch(coalesce(c.evidence, '{}'), json_object('expected_next', c.next_steps)) END AS evidence
FROM derived.custody AS c JOIN derived.execution AS e USING (eid) JOIN derived.execution_state AS x USING (eid)
