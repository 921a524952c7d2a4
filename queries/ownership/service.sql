-- Candidates for the owner of each service seen (design section 7). The lowest rank wins: 0 declared,
-- 10 a catalog, 100 resource attributes in their order of trust, 10000 CODEOWNERS, 20000 inherited,
-- 30000 the namespace, 40000 a reference to nobody, 90000 nobody.
-- An entity of a catalog with a namespace is a service of that namespace, or one that has none.
CREATE OR REPLACE TEMP TABLE o_service AS
WITH seen AS (
    SELECT DISTINCT
        service, namespace,
        service = 'unknown_service' OR starts_with(service, 'unknown_service:') AS anonymous
    FROM store.resource WHERE resource_id IN (SELECT resource_id FROM derived.span)
),
attribute AS (
    SELECT
        service, namespace, key, trim(value) AS value, sum(spans)::BIGINT AS spans,
        list_position(list_transform($owner_attributes::VARCHAR[], lambda a: key GLOB a), true) AS trust,
        list_position(list_transform($system_attributes::VARCHAR[], lambda a: key GLOB a), true) AS part
    FROM derived.service_attribute
    -- What people write where a value is asked for and there is none.
    WHERE NOT regexp_full_match(lower(trim(value)),
        '|-+|none|null|nil|n/?a|unknown|undefined|unset|tbd|todo|no[ _-]?(owner|team)|nobody|unowned')
    GROUP BY ALL
),
part AS (
    -- The system that a service says it is part of, where a catalog declares one of that name.
    SELECT
        a.service, a.namespace, a.key, a.value, a.spans, a.part,
        arg_min(i.owner, (i.owner.team, i.entity)) AS owner
    FROM attribute AS a
    JOIN o_inherited AS i
        ON contains(i.entity, ':system:')
        AND regexp_replace(i.entity, '^[a-z]+:system:([^/]*/)?', '') = lower(a.value)
    WHERE a.part IS NOT NULL AND NOT i.owner.dangling
    GROUP BY ALL
)
SELECT
    s.service, s.namespace, c.team, c.written, c.source, c.rule,
    c.rank + CASE
        WHEN c.namespace IS NULL THEN 1 WHEN s.namespace IS NULL OR s.namespace = '' THEN 2 ELSE 0
    END AS rank,
    0::BIGINT AS weight, c.voice
FROM seen AS s
JOIN o_claim AS c ON c.kind = 'service' AND c.folded = lower(s.service)
WHERE NOT s.anonymous AND (NOT c.exact OR c.name = s.service) AND (
    c.namespace IS NULL OR c.namespace = s.namespace
    OR (NOT c.exact AND (s.namespace IS NULL OR lower(s.namespace) IN ('', lower(c.namespace))))
)
UNION ALL
SELECT
    s.service, s.namespace, coalesce(t.team, a.value), a.value,
    'resource attribute ' || a.key
        || CASE WHEN t.team != a.value THEN ' (' || a.value || ')' ELSE '' END,
    'resource-attribute', 100 + a.trust, a.spans, 'attribute'
FROM seen AS s
JOIN attribute AS a ON a.service = s.service AND a.namespace IS NOT DISTINCT FROM s.namespace
LEFT JOIN o_team AS t ON t.spelling = lower(a.value)
WHERE a.trust IS NOT NULL
UNION ALL
SELECT
    s.service, s.namespace, c.team, c.written, c.source,
    CASE WHEN c.team IS NULL THEN 'declared-unowned' ELSE 'codeowners' END, 10000 + c.place, 0,
    CASE WHEN c.decides THEN 'codeowners' END
FROM seen AS s
JOIN o_codeowner AS c ON c.service = s.service AND c.namespace IS NOT DISTINCT FROM s.namespace
WHERE NOT s.anonymous
UNION ALL
SELECT
    s.service, s.namespace, p.owner.team, p.value,
    printf('part of %s by %s (%s)', p.value, p.key, p.owner.source), 'inherited', 25000 + p.part, p.spans, NULL
FROM seen AS s
JOIN part AS p ON p.service = s.service AND p.namespace IS NOT DISTINCT FROM s.namespace
WHERE NOT s.anonymous
UNION ALL
SELECT
    s.service, s.namespace, coalesce(t.team, s.namespace), s.namespace, 'service.namespace',
    'namespace-hint', 30000, 0, NULL
FROM seen AS s LEFT JOIN o_team AS t ON t.spelling = lower(s.namespace)
WHERE s.namespace != '' AND NOT s.anonymous
UNION ALL
-- Processes that share the SDK's default name are not one service: no team can be told for it.
SELECT
    service, namespace, NULL, NULL, NULL,
    CASE WHEN anonymous THEN 'no-identity' ELSE 'no-match' END,
    CASE WHEN anonymous THEN 0 ELSE 90000 END, 0, NULL
FROM seen
