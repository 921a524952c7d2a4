SET memory_limit = $bytes
