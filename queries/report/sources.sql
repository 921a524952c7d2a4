-- The sources and up to when each is known.
SELECT name, kind, horizon_ns, silent FROM derived.source ORDER BY kind, name
