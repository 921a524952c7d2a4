-- needs: derived.identity
INSERT INTO derived.identity BY NAME
SELECT * FROM tracemap_overlay.derived.identity WHERE key IS NOT NULL OR vid IN (SELECT vid FROM s_inside)
