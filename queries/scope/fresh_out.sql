CREATE OR REPLACE TEMP TABLE s_fresh_out AS SELECT DISTINCT trace_id, linked_trace_id FROM store.link
