DELETE FROM derived.open_item WHERE eid IN (SELECT eid FROM s_eid)
