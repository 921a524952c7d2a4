-- needs: b_open, b_component
INSERT INTO derived.span_set
SELECT s.sid, n.vid, 'root', t.root_sid
FROM b_open AS s
JOIN b_component AS c USING (trace_id)
JOIN b_component_name AS n USING (component)
JOIN derived.trace AS t USING (trace_id)
