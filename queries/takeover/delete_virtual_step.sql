DELETE FROM derived.virtual_step WHERE sid IN (SELECT sid FROM s_old)
