CREATE OR REPLACE VIEW set_aside AS
SELECT hex_trace_id(a.trace_id) AS trace_id, a.what, a.because, s.service, s.name AS step, t.spans, utc(t.start_ns) AS started_at
FROM derived.set_aside AS a
JOIN derived.trace AS t USING (trace_id)
JOIN derived.span AS s ON s.sid = a.root_sid
