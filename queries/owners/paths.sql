-- The files that declare something.
SELECT DISTINCT path FROM store.declaration UNION SELECT DISTINCT path FROM store.team ORDER BY 1
