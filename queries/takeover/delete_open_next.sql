DELETE FROM derived.open_next WHERE eid IN (SELECT eid FROM s_eid)
