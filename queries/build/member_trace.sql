-- Where the rest of the trace agrees on one set, so do the descendants: both rules give the same.
-- needs: b_open, b_agreement
INSERT INTO derived.span_set
SELECT s.sid, a.kset, 'trace', a.via
FROM b_open AS s JOIN b_agreement AS a USING (trace_id)
WHERE a.agreed
