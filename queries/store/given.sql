-- One number for what people decided and for the program: a whole analysis is needed when it changes.
SELECT hash($program, list(part ORDER BY place)) FROM (
    SELECT 2 AS place, hash(list(s ORDER BY name)) AS part FROM store.setting AS s
    UNION ALL SELECT 3, hash(sum(hash(d))) FROM store.declaration AS d
    UNION ALL SELECT 4, hash(sum(hash(t))) FROM store.team AS t
    UNION ALL SELECT 5, hash(sum(hash(c))) FROM store.contact AS c
    UNION ALL SELECT 6, hash(sum(hash(r))) FROM store.code_rule AS r
    UNION ALL SELECT 7, hash(sum(hash(l))) FROM store.code_location AS l
    UNION ALL SELECT 8, hash(sum(hash(h))) FROM store.map_handoff AS h
    UNION ALL SELECT 9, hash(sum(hash(o))) FROM store.map_owner AS o
)
