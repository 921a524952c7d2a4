-- needs: derived.finding_execution
INSERT INTO derived.finding_execution BY NAME SELECT o.* FROM tracemap_overlay.derived.finding_execution AS o SEMI JOIN s_fingerprint USING (fingerprint)
