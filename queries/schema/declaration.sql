-- Who owns what, as declared in files (ownership.yaml): one row a declared thing.
CREATE TABLE store.declaration (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    namespace VARCHAR, system VARCHAR, team VARCHAR, role VARCHAR, unowned BOOLEAN NOT NULL
)
