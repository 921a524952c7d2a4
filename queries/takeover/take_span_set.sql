-- needs: derived.span_set
INSERT INTO derived.span_set BY NAME SELECT o.* FROM tracemap_overlay.derived.span_set AS o SEMI JOIN s_sid USING (sid)
