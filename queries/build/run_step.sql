-- Steps of executions: an execution is an identity and a run of it. No table: most identities have one run, and of those
-- it would say again what is known of their steps.
CREATE OR REPLACE TEMP VIEW b_run_step AS
SELECT coalesce(l.run, 1) AS run, CASE WHEN l.run > 1 THEN (hash(s.vid, l.run) >> 1)::BIGINT ELSE s.vid END AS eid, s.*
FROM b_step_identity AS s LEFT JOIN b_later_run AS l ON l.vid = s.vid AND l.trace_id = s.trace_id
