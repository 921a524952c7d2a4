DELETE FROM derived.span WHERE sid IN (SELECT sid FROM s_old)
