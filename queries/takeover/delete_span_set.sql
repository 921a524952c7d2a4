DELETE FROM derived.span_set WHERE sid IN (SELECT sid FROM s_sid)
