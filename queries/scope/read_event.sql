CREATE TABLE store.event AS SELECT e.* FROM store.event AS e SEMI JOIN s_read USING (trace_id) WHERE e.batch_id BETWEEN $first_batch AND $upto
