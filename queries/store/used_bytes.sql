-- Bytes in use in the database file; free blocks are used again. The write-ahead log is beside it.
SELECT sum(block_size * used_blocks)::BIGINT FROM pragma_database_size()
WHERE database_name = current_database()
