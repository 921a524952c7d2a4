DELETE FROM derived.span_step WHERE sid IN (SELECT sid FROM s_sid)
