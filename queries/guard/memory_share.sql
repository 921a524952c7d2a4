-- Sorts and hash tables of this cursor's statements spill beyond this; ingest keeps the rest.
SET operator_memory_limit = '256MB'
