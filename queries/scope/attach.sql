-- Where a partial analysis works: in memory, before the tables of the file in the search path.
ATTACH IF NOT EXISTS ':memory:' AS tracemap_overlay
