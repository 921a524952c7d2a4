CREATE OR REPLACE MACRO hex_span_id(id) AS lower(lpad(hex(id), 16, '0'))
