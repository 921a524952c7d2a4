-- What the traces not yet looked at carry.
INSERT INTO s_key
SELECT DISTINCT k.vid, false
FROM derived.key_tie AS k SEMI JOIN (SELECT trace_id FROM s_trace WHERE NOT looked) AS t USING (trace_id)
WHERE k.vid NOT IN (SELECT vid FROM s_key) AND k.vid NOT IN (SELECT vid FROM derived.identity WHERE hub)
