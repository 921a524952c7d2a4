DELETE FROM derived.reception WHERE sid IN (SELECT sid FROM s_old)
