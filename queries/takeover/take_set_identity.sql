-- needs: derived.set_identity
-- The few of the part are looked up among the many: `NOT IN` alone would put the many into a hash table.
INSERT INTO derived.set_identity BY NAME
SELECT * FROM tracemap_overlay.derived.set_identity
WHERE kset NOT IN (SELECT kset FROM derived.set_identity SEMI JOIN (SELECT kset FROM tracemap_overlay.derived.set_identity) USING (kset))
