-- Candidates for the owner of each destination. Declared; else by what it carries: an event is its
-- producer's, a command its receiver's, a dead-letter queue its consumer's. What it carries is
-- declared, or seen: a dead-letter name, more than one consumer group (event), else a command. Queues that
-- consumers made for themselves share a name: that several take from it makes no event of what they carry.
-- Where that side was never seen, the other one is all there is to ask.
CREATE OR REPLACE TEMP TABLE o_destination AS
WITH taking AS MATERIALIZED (
    SELECT
        r.mid, m.system, m.destination AS sent_to, coalesce(r.destination, m.destination) AS taken_at,
        r.consumer_group, r.service, t.namespace
    FROM derived.reception AS r
    JOIN derived.message AS m USING (mid)
    LEFT JOIN derived.step AS t ON t.step = r.step
),
-- A message is at the destination it was sent to, and at the queue where it was taken.
elsewhere AS (
    SELECT DISTINCT mid, system, taken_at AS destination FROM taking
    WHERE taken_at IS DISTINCT FROM sent_to
),
seen AS (
    SELECT system, destination FROM derived.message WHERE destination IS NOT NULL
    UNION
    SELECT system, destination FROM elsewhere
),
claimed AS (
    -- A catalog's "kafka" or "sqs" need not be spelled as messaging.system is: it only prefers.
    SELECT
        s.system, s.destination, c.team, c.written, c.source, c.rule, c.voice,
        c.rank + CASE WHEN c.system IS NULL THEN 1 WHEN c.system = s.system THEN 0 ELSE 2 END AS rank
    FROM seen AS s
    JOIN o_claim AS c ON c.kind = 'destination' AND c.folded = lower(s.destination)
    WHERE NOT c.exact
        OR (c.name = s.destination AND (c.system IS NULL OR c.system = s.system))
),
declared_type AS (
    SELECT
        s.system, s.destination,
        arg_min({t: d.type, s: d.source}, (d.system IS NULL, d.type, d.source)) AS told
    FROM seen AS s
    JOIN o_declared AS d ON d.kind = 'destination' AND d.name = s.destination
    WHERE d.type IS NOT NULL AND (d.system IS NULL OR d.system = s.system)
    GROUP BY ALL
),
taken AS (
    -- Who takes from a queue also takes what was sent to the exchange before it; not so where the
    -- message was dead-lettered on its way.
    SELECT system, taken_at AS destination, consumer_group, service, namespace, count(*) AS messages
    FROM taking WHERE taken_at IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT system, sent_to, consumer_group, service, namespace, count(*)
    FROM taking WHERE sent_to != taken_at AND NOT is_dead_letter(taken_at)
    GROUP BY ALL
),
audience AS (
    SELECT system, destination, count(DISTINCT consumer_group) AS groups FROM taken GROUP BY ALL
),
side AS (
    SELECT
        'consumer' AS side, system, destination, service, namespace,
        sum(messages)::BIGINT AS messages
    FROM taken GROUP BY ALL
    UNION ALL
    SELECT 'producer', system, destination, producer_service, producer_namespace, sum(messages)::BIGINT
    FROM (
        SELECT system, destination, producer_service, producer_namespace, count(*) AS messages
        FROM derived.message WHERE destination IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT e.system, e.destination, m.producer_service, m.producer_namespace, count(*)
        FROM elsewhere AS e JOIN derived.message AS m USING (mid) GROUP BY ALL
    )
    WHERE producer_service IS NOT NULL
    GROUP BY ALL
),
kind AS (
    SELECT
        s.system, s.destination, t.told.s AS told_in,
        coalesce(t.told.t, CASE
            WHEN is_dead_letter(s.destination) THEN 'dead-letter'
            WHEN contains(s.destination, '(anonymous)') THEN 'command'
            WHEN a.groups > 1 THEN 'event'
            ELSE 'command'
        END) AS type
    FROM seen AS s
    LEFT JOIN declared_type AS t
        ON t.system IS NOT DISTINCT FROM s.system AND t.destination = s.destination
    LEFT JOIN audience AS a
        ON a.system IS NOT DISTINCT FROM s.system AND a.destination = s.destination
),
asked AS (
    SELECT
        k.system, k.destination, k.type, k.told_in, x.side, x.service, x.messages, t.team,
        x.side = CASE WHEN k.type = 'event' THEN 'producer' ELSE 'consumer' END AS entitled
    FROM kind AS k
    JOIN side AS x ON x.system IS NOT DISTINCT FROM k.system AND x.destination = k.destination
    LEFT JOIN o_service_team AS t
        ON t.service = x.service AND t.namespace IS NOT DISTINCT FROM x.namespace
)
SELECT system, destination, team, written, source, rule, rank, 0::BIGINT AS weight, voice
FROM claimed
UNION ALL
SELECT
    a.system, a.destination, a.team, NULL,
    CASE WHEN a.told_in IS NULL THEN '' ELSE a.told_in || ', ' END
        || CASE a.side WHEN 'producer' THEN 'published by ' ELSE 'received by ' END || a.service,
    CASE
        WHEN NOT a.entitled THEN 'only-' || a.side
        WHEN a.type = 'event' THEN 'event-producer'
        WHEN a.type = 'command' THEN 'command-receiver'
        ELSE 'dead-letter-consumer'
    END,
    31000, a.messages, NULL
FROM asked AS a
WHERE a.entitled OR NOT EXISTS (
    FROM asked AS b
    WHERE b.entitled
        AND b.system IS NOT DISTINCT FROM a.system AND b.destination = a.destination
)
UNION ALL
SELECT system, destination, NULL, NULL, NULL, 'no-match', 90000, 0, NULL FROM seen
