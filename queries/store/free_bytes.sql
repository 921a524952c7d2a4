-- Bytes of blocks in the database file that nothing uses.
SELECT (block_size * free_blocks)::BIGINT FROM pragma_database_size() WHERE database_name = current_database()
