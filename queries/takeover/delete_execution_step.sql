DELETE FROM derived.execution_step WHERE eid IN (SELECT eid FROM s_eid)
