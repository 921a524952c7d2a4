-- Blocks are given back to DuckDB, not to the system, which would clear each page anew: a sixth of an analysis.
SET block_allocator_memory = $bytes
