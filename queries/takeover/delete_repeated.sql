DELETE FROM derived.repeated WHERE eid IN (SELECT eid FROM s_eid)
