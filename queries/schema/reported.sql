-- The first saved report that showed each finding; ids are the first 12 hex of fingerprints.
CREATE TABLE store.reported (id VARCHAR NOT NULL, report_id BIGINT NOT NULL)
