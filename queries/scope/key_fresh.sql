INSERT INTO s_key
SELECT DISTINCT vid, false FROM s_fresh_key WHERE vid NOT IN (SELECT vid FROM derived.identity WHERE hub)
