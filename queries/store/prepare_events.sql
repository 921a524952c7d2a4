-- RETURNING makes DuckDB write the rows as they come, without gathering them first in a collection that
-- several threads could fill: a copy less.
PREPARE insert_events AS INSERT INTO store.event BY NAME SELECT * FROM incoming_events RETURNING 1
