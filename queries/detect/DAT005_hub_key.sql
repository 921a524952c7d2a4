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
WITH hub AS (SELECT key, value, traces FROM derived.identity WHERE hub),
place AS (
    SELECT h.shape_id, unnest(h.keys) AS attribute, generate_subscripts(h.keys, 1) AS i
    FROM store.shape AS h WHERE EXISTS (SELECT 1 FROM hub)
),
spelled AS (
    SELECT p.shape_id, p.i, k.name AS key, k.per
    FROM place AS p JOIN derived.key AS k ON k.name = p.attribute OR list_contains(k.aliases, p.attribute)
    WHERE k.name IN (SELECT key FROM hub)
),
seen AS (
    SELECT h.key, h.value, any_value(h.traces) AS traces, count(*) AS spans,
        list(DISTINCT r.service ORDER BY r.service) AS services,
        arg_min(s.trace_id, (s.start_ns, s.span_id)) AS trace_id, arg_min(s.span_id, (s.start_ns, s.span_id)) AS span_id,
        min(s.start_ns) AS since_ns, max(s.end_ns) AS seen_ns
    FROM store.span AS s
    JOIN spelled AS p USING (shape_id)
    JOIN hub AS h ON h.key = p.key AND (h.value = s.vals[p.i] OR (len(p.per) > 0 AND ends_with(h.value, '/' || s.vals[p.i])))
    JOIN store.resource AS r USING (resource_id)
    GROUP BY h.key, h.value
)
SELECT
    h.key || '=' || h.value AS anchor, []::BIGINT[] AS eids,
    CASE WHEN len(s.services) = 1 THEN s.services[1] END AS service, NULL AS step,
    'service' AS owner_kind, CASE WHEN len(s.services) = 1 THEN s.services[1] END AS owner_name, NULL AS owner_namespace,
    s.trace_id, CASE WHEN s.span_id IS NULL THEN [] ELSE [s.span_id] END AS span_ids,
    least(s.since_ns, 9223372036854775806)::BIGINT AS since_ns, least(s.seen_ns, 9223372036854775806)::BIGINT AS seen_ns,
    printf('%s %s is on %d traces, more than one execution can have: it is ignored', h.key, h.value[:100], h.traces) AS message,
    json_object('key', h.key, 'value', h.value[:200], 'traces', h.traces, 'spans', s.spans, 'services', s.services[:20]) AS evidence,
    printf('Leave %s out where it names no execution, or raise hub_limit if it does.', h.key) AS next_action
FROM hub AS h LEFT JOIN seen AS s ON s.key = h.key AND s.value = h.value
