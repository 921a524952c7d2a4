-- Lines of CODEOWNERS files. No owners: the path is deliberately nobody's.
CREATE TABLE store.code_rule (
    path VARCHAR NOT NULL, line INTEGER NOT NULL, repository VARCHAR NOT NULL,
    pattern VARCHAR NOT NULL, owners VARCHAR[] NOT NULL
)
