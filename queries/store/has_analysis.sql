-- Whether there is an analysis, and one of this form: another version's is made anew.
SELECT count(*) > 0 FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'derived' AND table_name = 'span_field' AND column_name = 'gave_up'
