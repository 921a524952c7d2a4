CREATE TABLE store.log AS SELECT l.* FROM store.log AS l SEMI JOIN s_read USING (trace_id) WHERE l.batch_id <= $upto
