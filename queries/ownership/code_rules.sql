-- The lines of all CODEOWNERS files.
SELECT path, line, repository, pattern, owners FROM store.code_rule ORDER BY path, line
