DELETE FROM derived.execution_state WHERE eid IN (SELECT eid FROM s_eid)
