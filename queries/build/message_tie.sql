-- Which traces name which messages, by id or by offset.
CREATE OR REPLACE TABLE derived.message_tie AS
SELECT hash('id', text_hash(system), text_hash(message_id)) AS tie, trace_id
FROM derived.span_field WHERE operation IS NOT NULL AND message_id IS NOT NULL
UNION
SELECT hash('offset', text_hash(coalesce(address, destination)), text_hash(partition), text_hash(log_offset)), trace_id
FROM derived.span_field WHERE operation IS NOT NULL AND log_offset IS NOT NULL
