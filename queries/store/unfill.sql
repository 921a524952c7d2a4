DROP TABLE IF EXISTS store.filler
