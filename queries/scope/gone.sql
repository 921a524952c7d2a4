-- The identities that were whole in those traces before: what was concluded of them goes.
CREATE OR REPLACE TEMP TABLE s_gone AS
SELECT vid FROM s_key
UNION SELECT r.target FROM derived.resolution AS r SEMI JOIN s_key USING (vid)
UNION SELECT i.vid FROM derived.identity AS i SEMI JOIN s_old AS o ON o.kset = i.vid WHERE i.key IS NULL
