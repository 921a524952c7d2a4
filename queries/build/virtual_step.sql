-- Peers that send no telemetry: CLIENT spans with a named peer and nothing of another service below.
CREATE OR REPLACE TABLE derived.virtual_step AS
WITH answered AS (
    SELECT c.psid AS sid
    FROM derived.span AS c JOIN derived.span AS p ON p.sid = c.psid
    WHERE c.is_entry AND c.parent_kind = 3 AND c.service != p.service
),
-- Numbers first: wide rows are looked up among them, not they among wide rows.
asking AS MATERIALIZED (
    SELECT s.sid, s.peer, s.peer_kind, st.step AS caller, ks.kset
    FROM (SELECT sid, peer, peer_kind FROM derived.span_field WHERE kind = 3 AND peer IS NOT NULL AND operation IS NULL) AS s
    ANTI JOIN answered USING (sid)
    JOIN derived.span_step AS st USING (sid)
    JOIN derived.span_set AS ks USING (sid)
)
SELECT s.sid, a.caller, s.trace_id, s.span_id, a.peer AS service, a.peer_kind, s.name,
    s.start_ns, greatest(s.end_ns, s.start_ns) AS end_ns, s.failed, a.kset
FROM asking AS a JOIN derived.span AS s USING (sid)
