-- The one setting that a cursor may still change once the configuration is locked: its own memory.
SET allowed_configs = ['operator_memory_limit']
