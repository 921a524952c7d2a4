-- Where spans came from: kind 'live' (a collector) or 'recorded' (an imported file).
CREATE TABLE store.source (source_id UINTEGER NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL)
