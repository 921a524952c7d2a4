-- needs: derived.finding_raw
INSERT INTO derived.finding_raw BY NAME SELECT o.* FROM tracemap_overlay.derived.finding_raw AS o SEMI JOIN s_fingerprint USING (fingerprint)
