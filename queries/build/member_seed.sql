INSERT INTO derived.span_set SELECT sid, kset, reason, via FROM b_seed
