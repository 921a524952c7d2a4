-- Facts about the database itself: schema_version, created_at_ns, created_by.
CREATE TABLE store.meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL)
