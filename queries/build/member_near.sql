-- Below a seed: what the nearest ancestor has.
INSERT INTO derived.span_set
SELECT n.sid, s.kset, 'ancestor', n.near
FROM b_near AS n JOIN b_seed AS s ON s.sid = n.near
WHERE n.sid != n.near
