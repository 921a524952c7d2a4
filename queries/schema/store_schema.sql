-- What was received, as it was received. Everything else can be rebuilt from this schema.
CREATE SCHEMA store
