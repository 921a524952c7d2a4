DELETE FROM derived.link WHERE sid IN (SELECT sid FROM s_sid)
