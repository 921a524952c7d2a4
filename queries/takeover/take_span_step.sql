-- needs: derived.span_step
INSERT INTO derived.span_step BY NAME SELECT o.* FROM tracemap_overlay.derived.span_step AS o SEMI JOIN s_sid USING (sid)
