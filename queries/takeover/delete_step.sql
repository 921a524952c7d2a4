DELETE FROM derived.step WHERE step IN (SELECT sid FROM s_old)
