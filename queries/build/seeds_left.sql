SELECT count(*) FROM b_seed
