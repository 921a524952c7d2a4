INSERT INTO b_member
SELECT s.sid, n.vid, 'root', t.root_sid
FROM derived.span AS s
JOIN b_component AS c USING (trace_id)
JOIN b_component_name AS n USING (component)
JOIN derived.trace AS t USING (trace_id)
WHERE s.sid NOT IN (SELECT sid FROM b_member)
