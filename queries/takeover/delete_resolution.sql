DELETE FROM derived.resolution WHERE vid IN (SELECT vid FROM s_key)
