-- Candidates for the owners of what sends no telemetry: datastores, and external peers, which are
-- declared as services. A datastore that the services of one team use, and nobody else, is theirs.
CREATE OR REPLACE TEMP TABLE o_peer AS
WITH used AS (
    SELECT DISTINCT
        v.service AS peer, v.peer_kind, c.service AS user_service, t.team
    FROM derived.virtual_step AS v
    LEFT JOIN derived.step AS c ON c.step = v.caller
    LEFT JOIN o_service_team AS t
        ON t.service = c.service AND t.namespace IS NOT DISTINCT FROM c.namespace
    WHERE v.service IS NOT NULL
),
seen AS (
    SELECT peer, CASE WHEN bool_or(peer_kind = 'datastore') THEN 'datastore' ELSE 'service' END AS kind
    FROM used
    WHERE peer_kind = 'datastore' OR peer NOT IN (SELECT service FROM o_service_team)
    GROUP BY peer
)
SELECT
    s.kind, s.peer, c.team, c.written, c.source, c.rule,
    c.rank + CASE WHEN c.namespace IS NULL THEN 1 ELSE 2 END AS rank, c.voice
FROM seen AS s
JOIN o_claim AS c ON c.kind = s.kind AND c.folded = lower(s.peer)
WHERE CASE WHEN c.exact THEN c.name = s.peer AND c.namespace IS NULL ELSE true END
UNION ALL
SELECT
    'datastore', peer, min(team), NULL,
    'used by ' || string_agg(DISTINCT user_service, ', ' ORDER BY user_service), 'only-user', 35000, NULL
FROM used
WHERE peer_kind = 'datastore'
GROUP BY peer
HAVING count(DISTINCT team) = 1 AND count(*) = count(team)
UNION ALL
SELECT
    kind, peer, NULL, NULL, NULL, CASE kind WHEN 'service' THEN 'external' ELSE 'no-match' END, 90000,
    NULL
FROM seen
