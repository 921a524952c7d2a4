SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'derived' AND table_name = 'analysis'
