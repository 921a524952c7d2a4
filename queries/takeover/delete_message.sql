DELETE FROM derived.message WHERE mid IN (SELECT sid FROM s_old UNION ALL SELECT mid FROM s_mid)
