-- Who holds each execution at the horizon, one row an open branch.
CREATE OR REPLACE VIEW custody AS
SELECT e.execution, c.branch, c.holder, c.holder_kind, c.state, utc(c.since_ns) AS since, c.team, c.evidence
FROM derived.custody AS c JOIN derived.execution AS e USING (eid)
