-- The identities in sight. Their traces are those known before, outside of what is analysed anew, and those
-- of now.
CREATE OR REPLACE TABLE derived.identity AS
WITH now AS (
    SELECT DISTINCT vid, rank, name AS key, value, trace_id FROM b_keyed
),
known AS (SELECT DISTINCT vid, rank, key, value FROM now),
carried AS (
    SELECT vid, trace_id FROM now
    UNION
    SELECT k.vid, k.trace_id FROM derived.key_tie AS k SEMI JOIN known USING (vid)
    WHERE k.trace_id NOT IN (SELECT trace_id FROM s_read)
)
SELECT k.vid, k.rank, k.key, k.value, count(*) AS traces, count(*) > $hub_limit AS hub
FROM known AS k JOIN carried AS c USING (vid)
GROUP BY ALL
