CREATE OR REPLACE TEMP TABLE s_fresh_id AS SELECT trace_id, span_id FROM store.span
