-- code: DAT005
-- title: Hub value
-- family: data
-- severity: low
-- meaning: One value of a correlation key is on more traces than an execution can have. It names no
--   execution and is ignored: the traces that carry it are told apart by their other keys, or stand alone.
-- cause: A tenant, a test account, a placeholder ("none", "0") or a load test writes one value
--   everywhere.
-- action: Leave the attribute out where there is no real value; if the value is one execution indeed,
--   raise hub_limit.
-- unless: The value is on no more traces than hub_limit (10,000).
WITH hub AS (SELECT vid, key, value, traces FROM derived.identity WHERE hub),
-- By what the spans were read as: an element of a list, a value within another attribute's.
seen AS (
    SELECT k.vid, count(*) AS spans, list(DISTINCT s.service ORDER BY s.service) AS services,
        arg_min(s.trace_id, (s.start_ns, s.span_id)) AS trace_id, arg_min(s.span_id, (s.start_ns, s.span_id)) AS span_id,
        min(s.start_ns) AS since_ns, max(s.end_ns) AS seen_ns
    FROM (SELECT DISTINCT sid, vid FROM b_keyed SEMI JOIN hub USING (vid)) AS k JOIN derived.span AS s USING (sid)
    GROUP BY k.vid
)
SELECT
    h.key || '=' || h.value AS anchor, []::BIGINT[] AS eids,
    CASE WHEN len(s.services) = 1 THEN s.services[1] END AS service, NULL AS step,
    'service' AS owner_kind, CASE WHEN len(s.services) = 1 THEN s.services[1] END AS owner_name, NULL AS owner_namespace,
    s.trace_id, [s.span_id] AS span_ids,
    s.since_ns, s.seen_ns,
    printf('%s %s is on %d traces, more than one execution can have: it is ignored', h.key, h.value[:100], h.traces) AS message,
    json_object('key', h.key, 'value', h.value[:200], 'traces', h.traces, 'spans', s.spans, 'services', s.services[:20]) AS evidence,
    printf('Leave %s out where it names no execution, or raise hub_limit if it does.', h.key) AS next_action
FROM hub AS h JOIN seen AS s USING (vid)
