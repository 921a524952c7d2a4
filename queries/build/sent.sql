-- Spans that publish: PRODUCER spans, and creates, with all that is read of a publication.
CREATE OR REPLACE TEMP TABLE b_sent AS
SELECT s.sid, s.psid, f.kind, coalesce(a.sends, false) AS sends, f.operation, s.service, s.resource_id, s.source_id, s.name, f.system, f.destination, f.address, f.message_id,
    f.partition, f.log_offset, d.due_ns, s.trace_id, s.span_id, s.start_ns, s.failed
FROM derived.span_field AS f JOIN derived.span AS s USING (sid)
LEFT JOIN b_aws_call AS a USING (sid) LEFT JOIN b_due AS d USING (sid)
WHERE f.operation = 'create' OR (f.kind = 4 AND f.operation = 'send')
