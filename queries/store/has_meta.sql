SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = 'meta'
