-- needs: derived.finding_contact
INSERT INTO derived.finding_contact BY NAME SELECT o.* FROM tracemap_overlay.derived.finding_contact AS o SEMI JOIN s_fingerprint USING (fingerprint)
