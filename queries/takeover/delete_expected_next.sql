DELETE FROM derived.expected_next WHERE eid IN (SELECT eid FROM s_eid)
