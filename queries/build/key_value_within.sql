-- The values of such keys with what they are within, as membership has them; a value of which nothing tells that, as it is.
UPDATE b_key_value AS v
SET value = c.scope || '/' || v.value, vid = text_hash(v.name || chr(0) || c.scope || '/' || v.value)
FROM b_key_within AS w JOIN b_key_scope AS c USING (rank)
WHERE list_contains(w.spellings, v.name) AND c.sid = v.sid
