-- Links and contacts in catalogs, of a team or of an entity. `type` is channel, email, pager, runbook
-- or link.
CREATE TABLE store.contact (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, type VARCHAR NOT NULL, value VARCHAR NOT NULL,
    title VARCHAR, team VARCHAR, entity VARCHAR
)
