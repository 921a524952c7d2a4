DELETE FROM derived.execution WHERE eid IN (SELECT eid FROM s_eid)
