-- What DuckDB may hold in memory (bytes): what the machine lets it, and $most at most. No row where this process
-- has opened the database before: what is kept cannot be less again.
SELECT least(parse_formatted_bytes(current_setting('memory_limit')), $most)::BIGINT
WHERE parse_formatted_bytes(current_setting('block_allocator_memory')) = 0
