SELECT count(*) FROM victim
