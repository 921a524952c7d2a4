CREATE TABLE store.event AS SELECT e.* FROM store.event AS e SEMI JOIN s_place USING (batch_id, span_no)
