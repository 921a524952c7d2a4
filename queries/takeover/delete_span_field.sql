DELETE FROM derived.span_field WHERE sid IN (SELECT sid FROM s_old)
