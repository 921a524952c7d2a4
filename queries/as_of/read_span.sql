CREATE TABLE store.span AS
SELECT s.* EXCLUDE (packed) FROM store.span AS s JOIN s_place AS p ON p.batch_id = s.batch_id AND p.span_no = s.span_no
