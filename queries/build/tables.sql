-- How each table is made without rows: temporary ones, and those of schemas derived and store.
SELECT CASE WHEN temporary THEN table_name ELSE schema_name || '.' || table_name END AS name,
    replace(sql, 'CREATE ', 'CREATE OR REPLACE ') AS statement
FROM duckdb_tables()
WHERE temporary OR (database_name = current_database() AND schema_name IN ('derived', 'store'))
