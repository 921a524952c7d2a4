-- RETURNING makes DuckDB write the rows as they come, without gathering them first in a collection that
-- several threads could fill: a copy less.
PREPARE insert_spans AS INSERT INTO store.packed_span BY NAME SELECT * FROM incoming_spans RETURNING 1
