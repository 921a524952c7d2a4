-- Which traces name which messages, by id or by offset.
CREATE OR REPLACE TABLE derived.message_tie AS
SELECT DISTINCT unnest(list_filter([
        CASE WHEN message_id IS NOT NULL THEN hash('id', system, message_id) END,
        CASE WHEN log_offset IS NOT NULL THEN hash('offset', coalesce(address, destination), partition, log_offset) END
    ], lambda t: t IS NOT NULL)) AS tie, trace_id
FROM derived.span WHERE operation IS NOT NULL AND (message_id IS NOT NULL OR log_offset IS NOT NULL)
