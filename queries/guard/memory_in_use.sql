-- Bytes that the whole instance holds in memory and in temporary files at this moment.
SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT, coalesce(sum(temporary_storage_bytes), 0)::BIGINT
FROM duckdb_memory()
