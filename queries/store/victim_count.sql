SELECT (SELECT count(*) FROM victim), (SELECT count(*) FROM victim_log)
