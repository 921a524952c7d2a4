-- Of every span that has a parent in the store and is not its own, what later statements ask of the parent: to join all
-- spans with their parents costs a second a time, of ten million. By itself, for the columns of a span are heavy to
-- carry through a large join. is_entry: a SERVER, a CONSUMER that is not nested in one of the same service, or a child
-- of another service's span (design section 6).
CREATE OR REPLACE TEMP TABLE b_parent_of AS
WITH kept AS NOT MATERIALIZED (
    SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, trace_id, span_id, parent_span_id, kind, resource_id, start_ns, end_ns
    FROM store.span
    WHERE (batch_id::BIGINT << 32) | span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
)
SELECT s.sid, p.sid AS psid, p.kind AS parent_kind, clock(p.start_ns) AS parent_start_ns,
    greatest(clock(p.end_ns) - clock(p.start_ns), 0) AS parent_ns,
    s.kind = 2 OR (s.kind = 5 AND p.kind != 5) OR r.service != pr.service OR r.namespace IS DISTINCT FROM pr.namespace AS is_entry
FROM kept AS s JOIN kept AS p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.sid != s.sid
JOIN store.resource AS r ON r.resource_id = s.resource_id
JOIN store.resource AS pr ON pr.resource_id = p.resource_id
WHERE s.parent_span_id IS NOT NULL
