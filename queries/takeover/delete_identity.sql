DELETE FROM derived.identity
WHERE vid IN (SELECT vid FROM s_gone) OR vid IN (SELECT vid FROM tracemap_overlay.derived.identity WHERE key IS NOT NULL)
