DELETE FROM derived.virtual_call WHERE eid IN (SELECT eid FROM s_eid)
