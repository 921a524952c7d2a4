-- What the analysis concluded. Can be dropped and rebuilt from schema store at any time.
CREATE SCHEMA derived
