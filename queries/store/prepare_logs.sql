-- RETURNING makes DuckDB write the rows as they come, without gathering them first in a collection that
-- several threads could fill: a copy less.
PREPARE insert_logs AS INSERT INTO store.log BY NAME SELECT * FROM incoming_logs RETURNING 1
