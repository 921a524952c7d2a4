-- A number for every key value, the same in every analysis; a value that joins more traces than the limit
-- is a hub (section 5.5).
CREATE OR REPLACE TABLE derived.identity AS
SELECT (hash(name, value) >> 1)::BIGINT AS vid, rank, name AS key, value,
    count(DISTINCT trace_id) AS traces, count(DISTINCT trace_id) > $hub_limit AS hub
FROM b_keyed GROUP BY rank, name, value
