-- What a cursor may still change once the configuration is locked: its own memory, and where it looks for
-- tables first (a partial analysis).
SET allowed_configs = ['operator_memory_limit', 'search_path']
