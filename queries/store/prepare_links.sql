-- RETURNING makes DuckDB write the rows as they come, without gathering them first in a collection that
-- several threads could fill: a copy less.
PREPARE insert_links AS INSERT INTO store.link BY NAME SELECT * FROM incoming_links RETURNING 1
