-- Peers that send no telemetry: CLIENT spans with a named peer and nothing of another service below.
CREATE OR REPLACE TABLE derived.virtual_step AS
WITH answered AS (
    SELECT DISTINCT c.psid AS sid
    FROM derived.span AS c JOIN derived.span AS p ON p.sid = c.psid
    WHERE c.is_entry AND c.parent_kind = 3 AND c.service != p.service
)
SELECT s.sid, st.step AS caller, s.trace_id, s.span_id, s.peer AS service, s.peer_kind, s.name,
    s.start_ns, greatest(s.end_ns, s.start_ns) AS end_ns, s.failed, ks.kset
FROM derived.span AS s
JOIN derived.span_step AS st USING (sid)
JOIN derived.span_set AS ks USING (sid)
WHERE s.kind = 3 AND s.peer IS NOT NULL AND s.operation IS NULL AND s.sid NOT IN (SELECT sid FROM answered)
