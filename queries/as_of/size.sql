SELECT count(*) FROM s_place
