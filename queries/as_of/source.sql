-- Up to when each source was known at $as_of_ns; build/horizon says the same of now. A recording is known
-- to that moment, unless it ends before or tells nothing then (gaps).
CREATE OR REPLACE TABLE derived.source AS
WITH gap AS (
    SELECT source_id, received_ns, received_ns - lag(received_ns) OVER (PARTITION BY source_id ORDER BY batch_id) AS gap_ns
    FROM store.batch SEMI JOIN a_batch USING (batch_id)
),
rhythm AS (
    SELECT source_id, max(received_ns) AS received_ns, greatest(300000000000, 10 * least(coalesce(quantile_disc(gap_ns, 0.99), 0), 315360000000000000)) AS silence_ns
    FROM gap GROUP BY source_id
),
known AS (
    SELECT s.*, r.received_ns, r.silence_ns,
        least(s.newest_ns, $as_of_ns, list_min(list_transform(
            list_filter(s.gaps, lambda g: g.from_ns < $as_of_ns AND g.to_ns > $as_of_ns), lambda g: g.from_ns))) AS told_ns
    FROM derived.source AS s JOIN rhythm AS r USING (source_id)
)
SELECT source_id, name, kind, begin_ns, list_filter(gaps, lambda g: g.to_ns <= $as_of_ns) AS gaps, told_ns AS newest_ns,
    received_ns AS last_received_ns, kind = 'live' AND $as_of_ns - received_ns > silence_ns AS silent,
    CASE WHEN kind = 'recorded' THEN told_ns ELSE least($as_of_ns, received_ns + silence_ns) - $lag_ns END AS horizon_ns
FROM known
