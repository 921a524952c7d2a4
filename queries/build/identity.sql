-- The identities: every key value. One that joins more traces than the limit is a hub (section 5.5).
CREATE OR REPLACE TABLE derived.identity AS
SELECT vid, any_value(rank) AS rank, any_value(name) AS key, any_value(value) AS value,
    count(*) AS traces, count(*) > $hub_limit AS hub
FROM (
    SELECT vid, trace_id, any_value(rank) AS rank, any_value(name) AS name, any_value(value) AS value
    FROM b_keyed GROUP BY vid, trace_id
)
GROUP BY vid
