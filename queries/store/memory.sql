-- What DuckDB may hold in memory (bytes), where the machine lets it hold more.
SELECT $most::BIGINT WHERE parse_formatted_bytes(current_setting('memory_limit')) > $most
