-- What the other spellings of a key say is the key's own as well.
-- needs: b_key_family
INSERT INTO b_key_value
SELECT f.main, v.value, v.trace_id, v.sid, v.service, text_hash(f.main || chr(0) || v.value)
FROM b_key_value AS v JOIN b_key_family AS f USING (name)
