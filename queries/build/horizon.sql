-- Up to when each source is known (design section 8). A recorded source: its newest span end, but
-- not ends more than an hour beyond the 99.9th percentile. A live one: now minus the lag; once it has
-- been silent for 10 times its p99 gap and 5 minutes, the horizon stays where it was then. It never
-- goes back: what was found before the silence became abnormal is not resolved by it.
-- gaps: when the whole source told nothing, for 2 hours and 10 times its p99 pause or longer (between
-- two recordings, a collector that was down). What was open then, nobody can judge. begin_ns: its
-- oldest span end; what ended before it is not in it.
CREATE OR REPLACE TABLE derived.source AS
WITH counted AS (
    SELECT *, sum(spans) OVER (PARTITION BY source_id ORDER BY minute) AS up_to,
        sum(spans) OVER (PARTITION BY source_id) AS total
    FROM derived.moment
),
-- An hour, or what is usual for a source that seldom tells (a nightly job, loans that wait for people): twice
-- its p90 pause. The last one is what is to be judged.
forgiven AS (
    SELECT source_id, greatest(3600000000000, 2 * coalesce(quantile_disc(pause_ns, 0.9) FILTER (from_end > 1), 0)) AS forgiven_ns
    FROM (
        SELECT source_id, first_ns[1] - lag(last_ns[1]) OVER (PARTITION BY source_id ORDER BY minute) AS pause_ns,
            row_number() OVER (PARTITION BY source_id ORDER BY minute DESC) AS from_end
        FROM derived.moment
    ) GROUP BY source_id
),
span_end AS (
    -- In a small store one outlier would be its own percentile: there the second newest counts;
    -- and nothing ends after it was received.
    SELECT c.source_id,
        least(any_value(r.received_ns),
            CASE WHEN any_value(c.total) >= 2000 THEN min(c.last_ns[1]) FILTER (c.up_to >= 0.999 * c.total)
                ELSE list_reverse_sort(flatten(list(c.last_ns)))[least(2, any_value(c.total))::BIGINT] END) + any_value(f.forgiven_ns) AS cap,
        CASE WHEN any_value(c.total) >= 2000 THEN min(c.first_ns[1]) FILTER (c.up_to >= 0.001 * c.total)
            ELSE list_sort(flatten(list(c.first_ns)))[least(2, any_value(c.total))::BIGINT] END - 3600000000000 AS floor
    FROM counted AS c
    JOIN (SELECT source_id, max(received_ns) AS received_ns FROM store.batch GROUP BY source_id) AS r USING (source_id)
    JOIN forgiven AS f USING (source_id)
    GROUP BY c.source_id
),
newest AS (
    -- Where every clock is beyond all reason, up to when it was received.
    SELECT m.source_id, coalesce(max(list_max(list_filter(list_concat(m.last_ns, m.first_ns), lambda t: t <= c.cap))),
        any_value(c.cap) - 3600000000000) AS newest_ns
    FROM derived.moment AS m JOIN span_end AS c USING (source_id) GROUP BY m.source_id
),
moment AS (
    -- To the minute: finer would only cost.
    SELECT m.source_id, m.first_ns[1] AS from_ns, m.last_ns[1] AS to_ns
    FROM derived.moment AS m JOIN span_end AS c USING (source_id)
    WHERE m.first_ns[1] BETWEEN c.floor AND c.cap AND m.last_ns[1] BETWEEN c.floor AND c.cap
),
pause AS (
    SELECT source_id, to_ns AS from_ns, lead(from_ns) OVER (PARTITION BY source_id ORDER BY from_ns) AS to_ns FROM moment
),
usual_pause AS (
    SELECT source_id, greatest(7200000000000, learned_deadline(
        list(to_ns - from_ns ORDER BY to_ns - from_ns)[greatest(1, floor(0.99 * count(*))::BIGINT)])) AS longest_ns
    FROM pause WHERE to_ns IS NOT NULL GROUP BY source_id
),
life AS (
    SELECT m.source_id, min(m.from_ns) AS begin_ns,
        coalesce(any_value(g.gaps), []) AS gaps
    FROM moment AS m
    LEFT JOIN (
        SELECT p.source_id, list({'from_ns': p.from_ns, 'to_ns': p.to_ns} ORDER BY p.from_ns) AS gaps
        FROM pause AS p JOIN usual_pause AS u USING (source_id)
        WHERE p.to_ns - p.from_ns > u.longest_ns GROUP BY p.source_id
    ) AS g USING (source_id)
    GROUP BY m.source_id
),
gap AS (
    SELECT source_id, received_ns,
        received_ns - lag(received_ns) OVER (PARTITION BY source_id ORDER BY batch_id) AS gap_ns
    FROM store.batch
),
rhythm AS (
    SELECT source_id, max(received_ns) AS received_ns,
        greatest(300000000000, 10 * least(coalesce(quantile_disc(gap_ns, 0.99), 0), 315360000000000000)) AS silence_ns
    FROM gap GROUP BY source_id
)
SELECT
    source_id, s.name, s.kind, coalesce(l.begin_ns, 0) AS begin_ns, coalesce(l.gaps, []) AS gaps, n.newest_ns, r.received_ns AS last_received_ns,
    s.kind = 'live' AND $now_ns - r.received_ns > r.silence_ns AS silent,
    CASE
        WHEN s.kind = 'recorded' THEN n.newest_ns
        ELSE least($now_ns, r.received_ns + r.silence_ns) - $lag_ns
    END AS horizon_ns
FROM store.source AS s
JOIN newest AS n USING (source_id)
LEFT JOIN life AS l USING (source_id)
JOIN rhythm AS r USING (source_id)
