-- The spans that were known of those traces, and to which set of identities they belonged.
CREATE OR REPLACE TEMP TABLE s_old AS
SELECT s.sid, s.trace_id, k.kset
FROM (SELECT sid, trace_id FROM derived.span SEMI JOIN s_trace USING (trace_id) WHERE sid >= $first_batch::BIGINT << 32) AS s
LEFT JOIN derived.span_set AS k USING (sid)
