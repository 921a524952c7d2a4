-- Teams as declared, with their other names and where to reach them.
CREATE TABLE store.team (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, name VARCHAR NOT NULL, aliases VARCHAR[] NOT NULL,
    channel VARCHAR, runbook VARCHAR, email VARCHAR, pager VARCHAR, format VARCHAR NOT NULL
)
