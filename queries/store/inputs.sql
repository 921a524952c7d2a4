-- One number for everything that the analysis reads: it changes when any of it does.
SELECT hash(list(part ORDER BY place)) FROM (
    SELECT 1 AS place, hash(max(batch_id), sum(spans + logs)) AS part FROM store.batch
    UNION ALL SELECT 2, hash(list(s ORDER BY name)) FROM store.setting AS s
    UNION ALL SELECT 3, hash(sum(hash(d))) FROM store.declaration AS d
    UNION ALL SELECT 4, hash(sum(hash(t))) FROM store.team AS t
    UNION ALL SELECT 5, hash(sum(hash(c))) FROM store.contact AS c
    UNION ALL SELECT 6, hash(sum(hash(r))) FROM store.code_rule AS r
    UNION ALL SELECT 7, hash(sum(hash(l))) FROM store.code_location AS l
    UNION ALL SELECT 8, hash(sum(hash(h))) FROM store.map_handoff AS h
    UNION ALL SELECT 9, hash(sum(hash(o))) FROM store.map_owner AS o
    UNION ALL SELECT 10, hash(list(m ORDER BY fingerprint)) FROM store.mute AS m
)
