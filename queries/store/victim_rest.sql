SELECT (SELECT count(*) FROM victim_link), (SELECT count(*) FROM victim_finding)
