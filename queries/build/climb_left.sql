SELECT count(*) FROM b_chain
