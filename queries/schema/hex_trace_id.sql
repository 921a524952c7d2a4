CREATE MACRO hex_trace_id(id) AS replace(id::VARCHAR, '-', '')
