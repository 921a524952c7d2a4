-- Every table and view that a person's SELECT may name; anything else would be looked for as a file. Not the
-- settings: what personal data is hashed with is among them.
SELECT lower(schema_name) AS schema_name, lower(view_name) AS name
FROM duckdb_views()
WHERE NOT internal OR schema_name = 'information_schema'
UNION ALL
SELECT lower(schema_name), lower(table_name)
FROM duckdb_tables()
WHERE NOT internal AND NOT (schema_name = 'store' AND table_name = 'setting')
