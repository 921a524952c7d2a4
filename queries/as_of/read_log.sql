CREATE TABLE store.log AS
SELECT l.* FROM store.log AS l SEMI JOIN s_read USING (trace_id)
JOIN a_batch AS b ON b.batch_id = l.batch_id AND CASE WHEN l.time_ns > 0 THEN l.time_ns ELSE l.observed_ns END <= b.until_ns
