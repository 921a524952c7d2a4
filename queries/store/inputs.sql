-- One number for everything that the analysis reads: it changes when any of it does.
SELECT hash(
    (SELECT coalesce(max(batch_id), 0) FROM store.batch),
    (SELECT coalesce(sum(spans + logs), 0) FROM store.batch),
    (SELECT list(s ORDER BY name) FROM store.setting AS s),
    (SELECT sum(hash(d)) FROM store.declaration AS d),
    (SELECT sum(hash(t)) FROM store.team AS t),
    (SELECT sum(hash(c)) FROM store.contact AS c),
    (SELECT sum(hash(r)) FROM store.code_rule AS r),
    (SELECT sum(hash(l)) FROM store.code_location AS l),
    (SELECT sum(hash(h)) FROM store.map_handoff AS h),
    (SELECT sum(hash(o)) FROM store.map_owner AS o),
    (SELECT list(m ORDER BY fingerprint) FROM store.mute AS m)
)
