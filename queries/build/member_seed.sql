INSERT INTO b_member SELECT sid, kset, reason, via FROM b_seed
