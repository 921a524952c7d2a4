-- Findings about these executions and spans, and those of which a text speaks of one of $names, by
-- itself: order-10 is not order-1.
CREATE OR REPLACE TEMP TABLE victim_finding AS
SELECT f.fingerprint FROM store.finding AS f
WHERE f.execution IN (SELECT unnest($executions::VARCHAR[]))
    OR (f.trace_id IN (SELECT trace_id FROM victim)
        AND list_has_any(f.span_ids, (SELECT list(span_id) FROM victim)))
    OR EXISTS (
        SELECT 1 FROM (SELECT unnest($names::VARCHAR[]) AS name)
        WHERE regexp_matches(concat_ws(' ', f.correlation_value, f.message, f.evidence::VARCHAR, f.effects::VARCHAR, f.next_action),
            '(^|[^\w-])' || regexp_escape(name) || '($|[^\w-])'))
