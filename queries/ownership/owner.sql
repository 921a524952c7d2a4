-- For each service, destination, datastore and workflow: the one accountable team, why, and the
-- candidates that lost (at most 20). `namespace` of a destination is its messaging system.
-- Order: rank; a team before none; the more often seen; then by name, so that the answer never
-- depends on the order of files or of their entries. Who names nobody loses nothing,
-- except a declaration that there is nobody.
CREATE OR REPLACE TABLE derived.owner AS
WITH candidate AS (
    SELECT 'service' AS kind, service AS name, namespace, team, source, rule, rank, weight
    FROM o_service
    UNION ALL
    SELECT 'destination', destination, system, team, source, rule, rank, weight FROM o_destination
    UNION ALL
    SELECT kind, peer, NULL, team, source, rule, rank, 0 FROM o_peer
    UNION ALL
    SELECT 'workflow', workflow, NULL, team, source, rule, rank, weight FROM o_workflow
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY kind, name, namespace
        ORDER BY rank, team IS NULL, weight DESC, team, source
    ) AS place
    FROM candidate
),
winner AS (SELECT * FROM ranked WHERE place = 1),
loser AS (
    SELECT
        r.kind, r.name, r.namespace, r.place,
        {
            'team': r.team, 'source': r.source, 'rule': r.rule,
            'agrees': r.team IS NOT DISTINCT FROM w.team
        } AS candidate
    FROM ranked AS r
    JOIN winner AS w
        ON w.kind = r.kind AND w.name = r.name AND w.namespace IS NOT DISTINCT FROM r.namespace
    WHERE r.place BETWEEN 2 AND 21 AND (r.team IS NOT NULL OR r.rule = 'declared-unowned')
),
lost AS (
    SELECT kind, name, namespace, list(candidate ORDER BY place) AS losers FROM loser GROUP BY ALL
)
SELECT
    w.kind, w.name, w.namespace, w.team, w.source, w.rule,
    coalesce(to_json(l.losers), '[]'::JSON) AS losers
FROM winner AS w
LEFT JOIN lost AS l
    ON l.kind = w.kind AND l.name = w.name AND l.namespace IS NOT DISTINCT FROM w.namespace
