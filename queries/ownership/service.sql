-- Candidates for the owner of each service seen (design section 7). The lowest rank wins:
-- 0-1 declared, 10 and up resource attributes in their order of trust, 50 the namespace, 90 nobody.
CREATE OR REPLACE TEMP TABLE o_service AS
WITH seen AS (
    SELECT DISTINCT
        service, namespace,
        service = 'unknown_service' OR starts_with(service, 'unknown_service:') AS anonymous
    FROM derived.span
),
attribute AS (
    SELECT
        service, namespace, key, trim(value) AS value, sum(spans)::BIGINT AS spans,
        list_position($owner_attributes::VARCHAR[], key) AS trust
    FROM derived.service_attribute
    WHERE trim(value) != ''
    GROUP BY ALL
)
SELECT
    s.service, s.namespace, d.team, d.source,
    CASE WHEN d.unowned THEN 'declared-unowned' ELSE 'declared' END AS rule,
    CASE WHEN d.namespace IS NULL THEN 1 ELSE 0 END AS rank, 0::BIGINT AS weight
FROM seen AS s
JOIN o_declared AS d ON d.kind = 'service' AND d.name = s.service
WHERE NOT s.anonymous AND (d.namespace IS NULL OR d.namespace = s.namespace)
UNION ALL
SELECT
    s.service, s.namespace, coalesce(t.team, a.value),
    'resource attribute ' || a.key
        || CASE WHEN t.team != a.value THEN ' (' || a.value || ')' ELSE '' END,
    'resource-attribute', 10 + a.trust, a.spans
FROM seen AS s
JOIN attribute AS a ON a.service = s.service AND a.namespace IS NOT DISTINCT FROM s.namespace
LEFT JOIN o_team AS t ON t.spelling = lower(a.value)
WHERE a.trust IS NOT NULL
UNION ALL
SELECT
    s.service, s.namespace, coalesce(t.team, s.namespace), 'service.namespace', 'namespace-hint',
    50, 0
FROM seen AS s LEFT JOIN o_team AS t ON t.spelling = lower(s.namespace)
WHERE s.namespace != '' AND NOT s.anonymous
UNION ALL
-- Processes that share the SDK's default name are not one service: no team can be told for it.
SELECT
    service, namespace, NULL, NULL,
    CASE WHEN anonymous THEN 'no-identity' ELSE 'no-match' END,
    CASE WHEN anonymous THEN 0 ELSE 90 END, 0
FROM seen
