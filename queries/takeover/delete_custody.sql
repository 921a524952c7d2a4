DELETE FROM derived.custody WHERE eid IN (SELECT eid FROM s_eid)
