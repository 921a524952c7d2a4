-- code: DAT006
-- title: Dropped links or events
-- family: data
-- severity: info
-- meaning: Spans say that they dropped links or events. What a dropped link joined is not known to
--   belong together, and a dropped event may have been the exception of a failure. Messages to such
--   consumers are not called lost. One finding a service.
-- cause: The SDK's limits on links or events a span (128 by default) are below what the service
--   records, such as a consumer of large batches.
-- action: Raise OTEL_SPAN_LINK_COUNT_LIMIT or OTEL_SPAN_EVENT_COUNT_LIMIT there, or take smaller batches.
-- unless: Only attributes were dropped, or another copy of the span is whole.
WITH dropping AS (
    SELECT d.service, r.namespace, d.trace_id, d.span_id, d.start_ns, d.end_ns, s.dropped_links, s.dropped_events
    FROM store.span AS s
    JOIN derived.span AS d ON d.sid = (s.batch_id::BIGINT << 32) | s.span_no::BIGINT
    JOIN store.resource AS r ON r.resource_id = d.resource_id
    WHERE s.dropped_links > 0 OR s.dropped_events > 0
)
SELECT
    coalesce(namespace || '/', '') || service AS anchor, []::BIGINT[] AS eids,
    service, NULL AS step, 'service' AS owner_kind, service AS owner_name, namespace AS owner_namespace,
    arg_min(trace_id, (start_ns, span_id)) AS trace_id,
    list(span_id ORDER BY start_ns, span_id)[:10] AS span_ids,
    min(start_ns) AS since_ns, max(end_ns) AS seen_ns,
    printf('%d %s of %s dropped %s', count(*), CASE WHEN count(*) = 1 THEN 'span' ELSE 'spans' END, service,
        concat_ws(' and ',
            CASE WHEN sum(dropped_links) > 0 THEN printf('%d links', sum(dropped_links)::BIGINT) END,
            CASE WHEN sum(dropped_events) > 0 THEN printf('%d events', sum(dropped_events)::BIGINT) END)) AS message,
    json_object('spans', count(*), 'dropped_links', sum(dropped_links)::BIGINT,
        'dropped_events', sum(dropped_events)::BIGINT) AS evidence,
    printf('Raise the limit of the SDK in %s (OTEL_SPAN_LINK_COUNT_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT).', service) AS next_action
FROM dropping
GROUP BY service, namespace
