-- The identities on each span, hubs left out.
CREATE OR REPLACE TEMP TABLE b_own AS
SELECT k.sid, i.vid, i.rank
FROM b_keyed AS k JOIN derived.identity AS i ON i.rank = k.rank AND i.value = k.value
WHERE NOT i.hub
