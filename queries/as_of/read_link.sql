CREATE TABLE store.link AS SELECT l.* FROM store.link AS l SEMI JOIN s_place USING (batch_id, span_no)
