-- needs: derived.resolution
INSERT INTO derived.resolution BY NAME SELECT o.* FROM tracemap_overlay.derived.resolution AS o SEMI JOIN s_key USING (vid)
