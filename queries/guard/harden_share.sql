-- What a cursor may still change once the configuration is locked: its own memory, where it looks for
-- tables first (a partial analysis), and how many threads there are (an analysis of few rows).
SET allowed_configs = ['operator_memory_limit', 'search_path', 'threads']
