SELECT count(*) FROM s_disturbed
