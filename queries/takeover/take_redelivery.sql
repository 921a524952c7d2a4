-- needs: derived.redelivery
INSERT INTO derived.redelivery BY NAME SELECT o.* FROM tracemap_overlay.derived.redelivery AS o SEMI JOIN s_trace USING (trace_id)
