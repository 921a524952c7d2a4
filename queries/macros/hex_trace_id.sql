CREATE OR REPLACE MACRO hex_trace_id(id) AS replace(id::VARCHAR, '-', '')
