-- Who owns what, as declared in files: one row a declared thing and name. `type` is what a
-- destination carries: event, command or dead-letter; it may be declared without a team. A catalog's
-- `entity` without a team inherits from the nearest of its `parents` that has one.
CREATE TABLE store.declaration (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    namespace VARCHAR, system VARCHAR, team VARCHAR, role VARCHAR, unowned BOOLEAN NOT NULL,
    type VARCHAR, format VARCHAR NOT NULL, entity VARCHAR, parents VARCHAR[] NOT NULL,
    fit TINYINT NOT NULL
)
