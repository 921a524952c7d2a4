-- One number for what people decided and for the program: a whole analysis is needed when it changes.
SELECT hash(
    $program,
    (SELECT list(s ORDER BY name) FROM store.setting AS s),
    (SELECT sum(hash(d)) FROM store.declaration AS d),
    (SELECT sum(hash(t)) FROM store.team AS t),
    (SELECT sum(hash(c)) FROM store.contact AS c),
    (SELECT sum(hash(r)) FROM store.code_rule AS r),
    (SELECT sum(hash(l)) FROM store.code_location AS l)
)
