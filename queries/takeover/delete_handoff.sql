DELETE FROM derived.handoff WHERE eid IN (SELECT eid FROM s_eid)
