SELECT count(*) FROM b_pointer
