-- A name that is no table must not be looked for among Python's variables.
SET python_enable_replacements = false
