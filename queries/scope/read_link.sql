CREATE TABLE store.link AS SELECT l.* FROM store.link AS l SEMI JOIN s_read USING (trace_id) WHERE l.batch_id BETWEEN $first_batch AND $upto
