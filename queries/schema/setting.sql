-- What the user decided: keys, deadlines, limits. One JSON value a name; absent means the default.
CREATE TABLE store.setting (name VARCHAR NOT NULL, value JSON NOT NULL)
