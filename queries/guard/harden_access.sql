-- No file, no extension, no other database can be reached from SQL any more.
SET enable_external_access = false
