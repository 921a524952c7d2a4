-- The files that declare something.
SELECT DISTINCT path FROM store.declaration
UNION SELECT DISTINCT path FROM store.team
UNION SELECT DISTINCT path FROM store.contact
UNION SELECT DISTINCT path FROM store.code_rule
UNION SELECT DISTINCT path FROM store.code_location
UNION SELECT DISTINCT path FROM store.map_handoff
UNION SELECT DISTINCT path FROM store.map_owner
ORDER BY 1
