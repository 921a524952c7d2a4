-- A snapshot in which nothing can be written, whatever the statement.
BEGIN TRANSACTION READ ONLY
