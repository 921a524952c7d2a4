SELECT count(*) FROM b_waiting
