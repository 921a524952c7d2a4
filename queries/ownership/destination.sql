-- Candidates for the owner of each destination. Declared; else by what it carries: an event is its
-- producer's, a command its receiver's, a dead-letter queue its consumer's. What it carries is
-- declared, or seen: a dead-letter name, more than one consumer group (event), else a command.
-- Where that side was never seen, the other one is all there is to ask.
CREATE OR REPLACE TEMP TABLE o_destination AS
WITH seen AS (SELECT DISTINCT system, destination FROM derived.message WHERE destination IS NOT NULL),
declared AS (
    SELECT
        s.system, s.destination, d.team, d.unowned, d.type, d.source,
        CASE WHEN d.system IS NULL THEN 1 ELSE 0 END AS rank
    FROM seen AS s
    JOIN o_declared AS d ON d.kind = 'destination' AND d.name = s.destination
    WHERE d.system IS NULL OR d.system = s.system
),
declared_type AS (
    SELECT system, destination, arg_min({t: type, s: source}, (rank, type, source)) AS told
    FROM declared WHERE type IS NOT NULL
    GROUP BY ALL
),
consumer AS (
    SELECT
        m.system, m.destination, r.service, count(DISTINCT r.mid) AS messages
    FROM derived.message AS m JOIN derived.reception AS r USING (mid)
    WHERE m.destination IS NOT NULL
    GROUP BY ALL
),
audience AS (
    SELECT m.system, m.destination, count(DISTINCT r.consumer_group) AS groups
    FROM derived.message AS m JOIN derived.reception AS r USING (mid)
    GROUP BY ALL
),
producer AS (
    SELECT system, destination, producer_service AS service, count(*) AS messages
    FROM derived.message
    WHERE destination IS NOT NULL AND producer_service IS NOT NULL
    GROUP BY ALL
),
carries AS (
    SELECT
        s.system, s.destination, t.told.s AS told_in,
        coalesce(
            t.told.t,
            CASE
                WHEN regexp_matches(
                    lower(s.destination),
                    '(^|[^a-z])(dlq|dlt|dlx)([^a-z]|$)|dead[^a-z]*letter') THEN 'dead-letter'
                WHEN a.groups > 1 THEN 'event'
                ELSE 'command'
            END
        ) AS type
    FROM seen AS s
    LEFT JOIN declared_type AS t
        ON t.system IS NOT DISTINCT FROM s.system AND t.destination = s.destination
    LEFT JOIN audience AS a
        ON a.system IS NOT DISTINCT FROM s.system AND a.destination = s.destination
),
side AS (
    SELECT 'producer' AS side, * FROM producer
    UNION ALL
    SELECT 'consumer', * FROM consumer
),
asked AS (
    SELECT
        c.system, c.destination, c.type, c.told_in, x.side, x.service, x.messages,
        x.side = CASE WHEN c.type = 'event' THEN 'producer' ELSE 'consumer' END AS entitled
    FROM carries AS c
    JOIN side AS x ON x.system IS NOT DISTINCT FROM c.system AND x.destination = c.destination
)
SELECT
    system, destination, team, source,
    CASE WHEN unowned THEN 'declared-unowned' ELSE 'declared' END AS rule, rank, 0::BIGINT AS weight
FROM declared WHERE team IS NOT NULL OR unowned
UNION ALL
SELECT
    a.system, a.destination, t.team,
    CASE WHEN a.told_in IS NULL THEN '' ELSE a.told_in || ', ' END
        || CASE a.side WHEN 'producer' THEN 'published by ' ELSE 'received by ' END || a.service,
    CASE
        WHEN NOT a.entitled THEN 'only-' || a.side
        WHEN a.type = 'event' THEN 'event-producer'
        WHEN a.type = 'command' THEN 'command-receiver'
        ELSE 'dead-letter-consumer'
    END,
    20, a.messages
FROM asked AS a LEFT JOIN o_service_team AS t ON t.service = a.service
WHERE a.entitled OR NOT EXISTS (
    FROM asked AS b
    WHERE b.entitled
        AND b.system IS NOT DISTINCT FROM a.system AND b.destination = a.destination
)
UNION ALL
SELECT system, destination, NULL, NULL, 'no-match', 90, 0 FROM seen
