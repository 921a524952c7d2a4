-- One number for everything that the analysis reads: it changes when any of it does.
SELECT hash(
    (SELECT coalesce(max(batch_id), 0) FROM store.batch),
    (SELECT list(s ORDER BY name) FROM store.setting AS s),
    (SELECT list(d ORDER BY path, line, kind, name) FROM store.declaration AS d),
    (SELECT list(t ORDER BY path, line, name) FROM store.team AS t),
    (SELECT list(m ORDER BY fingerprint) FROM store.mute AS m)
)
