-- The keys in force, and every candidate with the reason why it was or was not chosen.
CREATE OR REPLACE TABLE derived.key AS
WITH judged AS (
    SELECT *,
        CASE WHEN values_seen >= 30 THEN joins_share >= 0.8
            -- Few values, some of them still on their way: what the numbers do not rule out.
            ELSE wilson_upper(joins_share * values_seen, values_seen) >= 0.8 END AS joins, coalesce(names_share, 0) >= 0.95 AS names,
        values_seen >= 30 OR id_like AS trusted
    FROM b_key_statistics
),
able AS (SELECT * FROM judged WHERE (joins OR names) AND rarely_reused AND trusted AND barred IS NULL),
-- Of a key that is spelled in several ways, the one that stands for all of them.
family AS (SELECT name, main FROM b_key_family WHERE main IN (SELECT name FROM able)),
qualified AS (
    SELECT *, row_number() OVER (
        -- Who orders comes again, be it later than these spans tell. A request is less than what it is about, though
        -- all proxies on its way know it; so is what was made to correlate, which is never reused.
        ORDER BY joins DESC, enduring, technical, round(reused_share, 3), services DESC, round(joins_share, 1) DESC, id_like DESC,
            values_seen DESC, name) AS place
    FROM able ANTI JOIN family USING (name)
),
alias AS (
    SELECT q.name, min_by(b.name, b.place) AS main
    FROM qualified AS q
    JOIN qualified AS b ON b.place < q.place
    JOIN b_key_overlap AS o ON o.one = b.name AND o.other = q.name
    GROUP BY q.name
),
-- A key that only names single traces, or that is called like who comes again, is left out where a better key stands
-- in most of its traces.
covered AS (
    SELECT q.name, min_by(b.name, b.place) AS by_name
    FROM qualified AS q
    JOIN qualified AS b ON b.place < q.place
    WHERE (NOT q.joins OR (q.enduring AND NOT b.enduring)) AND (
        SELECT count(DISTINCT x.trace_id) FROM b_key_value AS x
        WHERE x.name = q.name AND x.trace_id IN (SELECT trace_id FROM b_key_value WHERE name = b.name)
    ) >= 0.5 * (SELECT count(DISTINCT trace_id) FROM b_key_value WHERE name = q.name)
    GROUP BY q.name
),
-- Not so what ties traces to it that the better one is not in, as a payment's number does when the provider calls back.
tied AS (
    SELECT name
    FROM (
        SELECT c.name, x.value, bool_or(b.name IS NOT NULL) AS beside, bool_and(b.name IS NOT NULL) AS within
        FROM covered AS c
        JOIN qualified AS q ON q.name = c.name AND NOT q.enduring AND NOT q.technical
        JOIN b_key_value AS x ON x.name = c.name
        LEFT JOIN (SELECT DISTINCT name, trace_id FROM b_key_value) AS b ON b.name = c.by_name AND b.trace_id = x.trace_id
        GROUP BY c.name, x.value
    )
    GROUP BY name HAVING count(*) FILTER (beside AND NOT within) >= 0.5 * count(*)
),
shadowed AS (SELECT * FROM covered ANTI JOIN tied USING (name)),
-- Spellings that would not qualify alone still name the same key when their names agree.
spelling AS (
    SELECT j.name, min_by(q.name, q.place) AS main
    FROM judged AS j JOIN qualified AS q ON q.plain_name = j.plain_name AND q.name != j.name
    WHERE j.name NOT IN (SELECT name FROM qualified) AND j.name NOT IN (SELECT name FROM family) AND j.barred IS NULL
    GROUP BY j.name
),
discovered AS (
    SELECT q.name, q.place,
        (SELECT coalesce(list(name ORDER BY name), []) FROM (
            SELECT name FROM alias WHERE main = q.name UNION SELECT name FROM spelling WHERE main = q.name
            UNION SELECT name FROM family WHERE main = q.name)) AS aliases,
        coalesce((SELECT per FROM b_key_within AS w WHERE w.name = q.name), []) AS per
    FROM qualified AS q
    WHERE (SELECT count(*) FROM b_user_key) = 0 AND q.name NOT IN (SELECT name FROM alias) AND q.name NOT IN (SELECT name FROM shadowed)
    -- What more there is stands beside these: looking for what each means in terms of each costs more than it tells.
    QUALIFY row_number() OVER (ORDER BY q.place) <= 10
),
-- By what Kafka parts messages is often the order's number: where the values are a key's, it is on publications
-- that carry none, as those of an outbox's relay.
carrier AS (
    SELECT o.other AS name, min_by(m.name, m.place) AS main
    FROM (SELECT name, place FROM discovered UNION ALL SELECT name, rank FROM b_user_key) AS m
    JOIN b_key_overlap AS o ON o.one = m.name
    WHERE o.other IN (SELECT name FROM b_candidate WHERE partitions)
    GROUP BY o.other
),
engine AS (
    SELECT name, list(attribute ORDER BY attribute) AS aliases, any_value(engine_rank) AS engine_rank
    FROM b_engine_key AS e
    WHERE attribute IN (SELECT unnest(keys) FROM store.shape)
        AND attribute NOT IN (SELECT name FROM judged WHERE NOT rarely_reused)
    GROUP BY name
),
within AS (
    SELECT name, printf('; never within one %s: tracemap keys set ''%s per %s''', attribute, name, attribute) AS suggestion
    FROM b_key_per
    WHERE name IN (SELECT name FROM judged WHERE NOT enduring)
),
chosen AS (
    SELECT k.* REPLACE (list_concat(k.aliases, (SELECT list(c.name ORDER BY c.name) FROM carrier AS c WHERE c.main = k.name)) AS aliases)
    FROM (
        SELECT name, aliases, per, 'user' AS kind, 1 AS tier, rank AS place FROM b_user_key
        UNION ALL SELECT name, aliases, per, 'discovered', 2, place FROM discovered
    ) AS k
    UNION ALL SELECT name, aliases, [], 'engine', 3, engine_rank FROM engine
)
SELECT
    coalesce(c.name, j.name) AS name, coalesce(c.aliases, []) AS aliases, coalesce(c.per, []) AS per,
    coalesce(c.kind, 'candidate') AS kind,
    CASE WHEN c.name IS NOT NULL THEN row_number() OVER (ORDER BY c.tier, c.place, c.name) END AS rank,
    c.name IS NOT NULL AS chosen,
    CASE
        WHEN c.kind = 'user' AND len(c.per) > 0 THEN 'declared, within ' || c.per[1]
        -- Unless such are runs that follow each other, two things of one name are told as one.
        WHEN c.kind = 'user' AND NOT j.rarely_reused THEN
            printf('declared, but reused: %.0f%% of its values start their workflow again', 100 * j.reused_share)
            || coalesce(w.suggestion, '; of several tenants?')
        WHEN c.kind = 'user' THEN 'declared'
        WHEN c.kind = 'engine' THEN 'written by a workflow engine or broker'
        WHEN c.kind = 'discovered' AND j.joins THEN
            coalesce('within one ' || c.per[1] || ' it ', '') || printf('joins: %.0f%% of its values appear in two or more traces and services', 100 * j.joins_share)
        WHEN c.kind = 'discovered' THEN
            coalesce('within one ' || c.per[1] || ' it ', '') || printf('names: one value on the entry span of %.0f%% of a workflow''s traces', 100 * j.names_share)
        WHEN ca.name IS NOT NULL THEN 'another spelling of ' || ca.main
        WHEN j.barred IS NOT NULL THEN j.barred || CASE
            WHEN j.values_seen = 1 AND j.traces > 1 THEN '; one value everywhere'
            WHEN NOT j.rarely_reused THEN printf('; %.0f%% of its values start their workflow again', 100 * j.reused_share)
            WHEN NOT j.joins THEN printf('; joins %.0f%% of its values across traces and services', 100 * j.joins_share)
            ELSE '' END
        WHEN fm.name IS NOT NULL THEN 'another spelling of ' || fm.main
        WHEN a.name IS NOT NULL THEN 'another spelling of ' || a.main
        WHEN sp.name IS NOT NULL THEN 'another spelling of ' || sp.main
        WHEN sh.name IS NOT NULL AND j.joins THEN printf('as it is called, it comes again; %s does not, and stands in its traces', sh.by_name)
        WHEN sh.name IS NOT NULL THEN 'names single traces that ' || sh.by_name || ' joins'
        WHEN j.values_seen = 1 AND j.traces > 1 THEN 'one value everywhere: a constant'
        WHEN NOT j.rarely_reused THEN
            printf('reused: %.0f%% of its values start their workflow again', 100 * j.reused_share) || coalesce(w.suggestion, '')
        WHEN NOT (j.joins OR j.names) THEN
            printf('joins only %.0f%% of its values across traces and services, names %.0f%% of traces',
                100 * j.joins_share, 100 * coalesce(j.names_share, 0))
        WHEN NOT j.trusted THEN printf('a suggestion: only %d values seen', j.values_seen)
        WHEN (SELECT count(*) FROM b_user_key) > 0 THEN 'would qualify, but keys are declared'
        WHEN j.name IN (SELECT name FROM qualified) THEN 'would qualify, but ten better ones are enough'
        ELSE 'not chosen'
    END AS reason,
    j.values_seen, j.traces, j.services, j.joins_share, j.names_share,
    -- Counted of values that are not whole.
    CASE WHEN coalesce(len(c.per), 0) = 0 THEN j.reused_share END AS reused_share
FROM chosen AS c
FULL JOIN judged AS j ON j.name = c.name
LEFT JOIN family AS fm ON fm.name = j.name AND c.name IS NULL
LEFT JOIN alias AS a ON a.name = j.name AND c.name IS NULL
LEFT JOIN spelling AS sp ON sp.name = j.name AND c.name IS NULL
LEFT JOIN carrier AS ca ON ca.name = j.name AND c.name IS NULL
LEFT JOIN within AS w ON w.name = j.name
LEFT JOIN shadowed AS sh ON sh.name = j.name AND c.name IS NULL
WHERE c.name IS NOT NULL OR j.name NOT IN (SELECT unnest(aliases) FROM engine)
