-- Up to when each source is known (design section 8). A recorded source: its newest span end, but
-- not ends more than an hour beyond the 99.9th percentile. A live one: now minus the lag; once it has
-- been silent for 10 times its p99 gap and 5 minutes, the horizon stays where it was then. It never
-- goes back: what was found before the silence became abnormal is not resolved by it.
CREATE OR REPLACE TABLE derived.source AS
WITH span_end AS (
    -- In a small store one outlier would be its own percentile: there the second newest counts;
    -- and nothing ends after it was received.
    SELECT s.source_id,
        least(any_value(r.received_ns),
            CASE WHEN count(*) >= 2000 THEN quantile_disc(s.end_ns, 0.999) ELSE max(s.end_ns, 2)[-1] END)
            + 3600000000000 AS cap
    FROM derived.span AS s
    JOIN (SELECT source_id, max(received_ns) AS received_ns FROM store.batch GROUP BY source_id) AS r USING (source_id)
    GROUP BY s.source_id
),
newest AS (
    SELECT s.source_id, max(s.end_ns) FILTER (s.end_ns <= c.cap) AS newest_ns
    FROM derived.span AS s JOIN span_end AS c USING (source_id) GROUP BY s.source_id
),
gap AS (
    SELECT source_id, received_ns,
        received_ns - lag(received_ns) OVER (PARTITION BY source_id ORDER BY batch_id) AS gap_ns
    FROM store.batch
),
rhythm AS (
    SELECT source_id, max(received_ns) AS received_ns,
        greatest(300000000000, 10 * coalesce(quantile_disc(gap_ns, 0.99), 0)) AS silence_ns
    FROM gap GROUP BY source_id
)
SELECT
    source_id, s.name, s.kind, n.newest_ns, r.received_ns AS last_received_ns,
    s.kind = 'live' AND $now_ns - r.received_ns > r.silence_ns AS silent,
    CASE
        WHEN s.kind = 'recorded' THEN n.newest_ns
        ELSE least($now_ns, r.received_ns + r.silence_ns) - $lag_ns
    END AS horizon_ns
FROM store.source AS s
JOIN newest AS n USING (source_id)
JOIN rhythm AS r USING (source_id)
