-- Interned resources. service, namespace and instance repeat service.* for joins.
CREATE TABLE store.resource (
    resource_id        UINTEGER NOT NULL,
    service            VARCHAR NOT NULL,
    namespace          VARCHAR,
    instance           VARCHAR,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    schema_url         VARCHAR NOT NULL,
    dropped_attributes UINTEGER NOT NULL,
    entity_refs        VARCHAR
)
