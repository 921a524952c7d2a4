-- Where code lies, as declared.
SELECT path, line, repository, folder, service, namespace, root
FROM store.code_location ORDER BY path, line, repository, folder, service
