-- needs: derived.set_identity
INSERT INTO derived.set_identity BY NAME
SELECT * FROM tracemap_overlay.derived.set_identity WHERE kset NOT IN (SELECT kset FROM derived.set_identity)
