-- Interned instrumentation scopes.
CREATE TABLE store.scope (
    scope_id           UINTEGER NOT NULL,
    name               VARCHAR NOT NULL,
    version            VARCHAR NOT NULL,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    schema_url         VARCHAR NOT NULL,
    dropped_attributes UINTEGER NOT NULL
)
