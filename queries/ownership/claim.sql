-- Who is accountable according to files: own statements, what is inherited from a system, and what
-- refers to nobody. The lower rank wins; namespace or messaging system add up to 2 to it.
-- `voice`: whose word it is, for conflicts; null where it is none (inherited, dangling). `own`: the
-- source is the thing's own statement.
CREATE OR REPLACE TEMP TABLE o_claim AS
WITH container AS (SELECT DISTINCT entity, format, kind FROM o_declared WHERE entity IS NOT NULL),
heir AS (
    SELECT * FROM o_declared
    WHERE role = 'accountable' AND written IS NULL AND NOT unowned AND len(parents) > 0
),
lost AS (
    -- None of its parents is known, though its catalog does declare systems.
    SELECT DISTINCT h.entity
    FROM heir AS h
    WHERE h.format IN (SELECT format FROM container WHERE kind = 'system')
        AND NOT list_has_any(h.parents, (SELECT coalesce(list(entity), []) FROM container))
),
claim AS (
    SELECT
        kind, name, folded, exact, namespace, system, team, written, dangling, unowned, format,
        source, fit,
        CASE WHEN unowned THEN 'declared-unowned' WHEN exact THEN 'declared' ELSE 'catalog' END AS rule,
        CASE WHEN exact THEN 0 ELSE 10 + 4 * fit END AS rank, format AS voice, true AS own
    FROM o_declared
    WHERE role = 'accountable' AND (written IS NOT NULL OR unowned)
    UNION ALL
    SELECT
        h.kind, h.name, h.folded, h.exact, h.namespace, h.system, i.owner.team, i.owner.written,
        i.owner.dangling, false, h.format,
        printf('%s, part of %s (%s)', h.source, regexp_replace(i.origin, '^[a-z]+:', ''), i.owner.source),
        h.fit, 'inherited', 20000 + 4 * h.fit, NULL, false
    FROM heir AS h JOIN o_inherited AS i USING (entity)
    UNION ALL
    SELECT
        kind, name, folded, exact, namespace, system, NULL, regexp_replace(parents[1], '^[a-z]+:', ''),
        true, false, format, source, fit, NULL, 0, NULL, true
    FROM heir WHERE entity IN (SELECT entity FROM lost)
)
SELECT * REPLACE (
    CASE WHEN dangling THEN 'dangling-reference' ELSE rule END AS rule,
    CASE WHEN dangling THEN 40000 + 4 * fit ELSE rank END AS rank,
    CASE WHEN NOT dangling THEN voice END AS voice
)
FROM claim
