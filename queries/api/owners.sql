-- Who owns what.
SELECT *
FROM owners
WHERE ($kind IS NULL OR kind = $kind)
  AND ($name IS NULL OR name = $name)
  AND ($team IS NULL OR team = $team)
ORDER BY list_position(['service', 'destination', 'datastore', 'workflow'], kind), name, namespace
