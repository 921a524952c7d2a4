SELECT count(*) FROM s_trace WHERE NOT looked
