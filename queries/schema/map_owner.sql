-- Whose everything is by the committed map. No team: it had no owner when that was reviewed.
CREATE TABLE store.map_owner (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    namespace VARCHAR, team VARCHAR
)
