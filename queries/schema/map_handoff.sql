-- Hand-offs of the committed map (`tracemap map load`): what was reviewed.
CREATE TABLE store.map_handoff (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, workflow VARCHAR NOT NULL,
    from_service VARCHAR NOT NULL, from_name VARCHAR NOT NULL,
    to_service VARCHAR NOT NULL, to_name VARCHAR NOT NULL, type VARCHAR NOT NULL
)
