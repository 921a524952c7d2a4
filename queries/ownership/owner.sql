-- For each service, destination, datastore and workflow: the one accountable team, why, and the
-- candidates that lost (at most 20). Who names nobody loses nothing, except a declaration that there
-- is nobody, and a reference to somebody who is not known.
CREATE OR REPLACE TABLE derived.owner AS
WITH winner AS (SELECT * FROM o_candidate WHERE place = 1),
loser AS (
    SELECT
        r.kind, r.name, r.namespace, r.place,
        {
            'team': coalesce(r.team, CASE WHEN r.rule = 'dangling-reference' THEN r.written END),
            'source': r.source, 'rule': r.rule,
            'agrees': lower(r.team) IS NOT DISTINCT FROM lower(w.team)
                AND r.rule != 'dangling-reference'
        } AS candidate
    FROM o_candidate AS r
    JOIN winner AS w
        ON w.kind = r.kind AND w.name = r.name AND w.namespace IS NOT DISTINCT FROM r.namespace
    WHERE r.place BETWEEN 2 AND 21
        AND (r.team IS NOT NULL OR r.rule IN ('declared-unowned', 'dangling-reference'))
),
lost AS (
    SELECT kind, name, namespace, list(candidate ORDER BY place) AS losers FROM loser GROUP BY ALL
)
SELECT
    w.kind, w.name, w.namespace, w.team,
    CASE WHEN w.rule = 'dangling-reference' THEN printf('%s (%s)', w.source, w.written) ELSE w.source END
        AS source,
    w.rule, coalesce(to_json(l.losers), '[]'::JSON) AS losers
FROM winner AS w
LEFT JOIN lost AS l
    ON l.kind = w.kind AND l.name = w.name AND l.namespace IS NOT DISTINCT FROM w.namespace
