-- Who owns what, as declared in files (ownership.yaml): one row a declared thing. `type` is what a
-- destination carries: event, command or dead-letter; it may be declared without a team.
CREATE TABLE store.declaration (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    namespace VARCHAR, system VARCHAR, team VARCHAR, role VARCHAR, unowned BOOLEAN NOT NULL,
    type VARCHAR
)
