-- title: Spans whose parent never came
-- description: By service and name. A caller that is always missing is most often a gateway without
--   instrumentation; one that is missing now and then was dropped, sampled away, or crashed.
-- param: limit BIGINT = 20           how many rows
SELECT
    s.service, s.name, s.kind,
    count(*) AS spans,
    count(*) / any_value(t.spans) AS share,
    min(s.start_time) AS first_seen, max(s.start_time) AS last_seen,
    arg_max(s.trace_id, s.start_time) AS latest_trace
FROM spans AS s
JOIN (SELECT service, name, kind, count(*) AS spans FROM spans GROUP BY ALL) AS t USING (service, name, kind)
LEFT JOIN spans AS p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
WHERE s.parent_span_id IS NOT NULL AND p.span_id IS NULL
GROUP BY s.service, s.name, s.kind
ORDER BY spans DESC, s.service, s.name
LIMIT $limit
