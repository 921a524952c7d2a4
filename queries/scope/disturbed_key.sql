INSERT INTO s_key
SELECT vid, false FROM s_disturbed
WHERE vid NOT IN (SELECT vid FROM s_key) AND vid IN (SELECT vid FROM derived.identity WHERE key IS NOT NULL AND NOT hub)
