-- One step down: entities without an owner take that of the nearest parent which has one.
INSERT INTO o_inherited
WITH edge AS (
    SELECT DISTINCT entity, unnest(parents) AS parent, generate_subscripts(parents, 1) AS place
    FROM o_declared
    WHERE role = 'accountable' AND written IS NULL AND NOT unowned
)
SELECT
    e.entity, arg_min(i.origin, (e.place, i.entity)), arg_min(i.owner, (e.place, i.entity))
FROM edge AS e JOIN o_inherited AS i ON i.entity = e.parent
WHERE e.entity NOT IN (SELECT entity FROM o_inherited)
GROUP BY e.entity
