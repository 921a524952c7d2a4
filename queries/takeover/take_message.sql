-- needs: derived.message
INSERT INTO derived.message BY NAME
SELECT * FROM tracemap_overlay.derived.message
WHERE trace_id IN (SELECT trace_id FROM s_trace)
    OR (mid IN (SELECT mid FROM s_mid) AND mid IN (SELECT mid FROM tracemap_overlay.derived.reception))
