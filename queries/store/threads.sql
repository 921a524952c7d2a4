-- How many threads DuckDB uses.
SELECT current_setting('threads')
