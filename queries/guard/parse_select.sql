-- The syntax tree of a text as JSON; {"error": true} for what is not a SELECT. Nothing is bound or run.
SELECT json_serialize_sql($text::VARCHAR)
