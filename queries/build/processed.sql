-- Receptions that processed a message with success: what DUP001 counts.
CREATE OR REPLACE TEMP TABLE b_processed AS
SELECT r.mid, r.consumer_group, r.sid, r.span_id, r.trace_id, r.service, r.step, r.start_ns, r.end_ns, r.destination,
    -- What tells messages apart that were sent with one context.
    coalesce(s.message_id, s.partition || '/' || s.log_offset, '') AS identity
FROM derived.reception AS r
JOIN derived.span AS s USING (sid)
LEFT JOIN derived.span AS p ON p.sid = r.mid
LEFT JOIN derived.span_set AS m ON m.sid = r.mid
WHERE r.operation = 'process' AND NOT r.failed AND NOT r.doubled AND NOT r.dead_letter
    AND r.mid NOT IN (SELECT mid FROM derived.reception WHERE dead_letter)
    AND (r.step, m.kset) NOT IN (SELECT (step, vid) FROM b_own_failure)
    -- Without any identity the context alone speaks, and only that of one message's own span.
    AND (s.message_id IS NOT NULL OR s.log_offset IS NOT NULL
        OR (r.how != 'identity' AND coalesce(p.batch_count, 1) = 1))
