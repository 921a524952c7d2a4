-- The number of a set of identities: one identity is itself, several are a hash of them, negative.
CREATE OR REPLACE MACRO kset_id(vids) AS
    CASE WHEN len(vids) = 1 THEN vids[1] ELSE -1 - (hash(list_sort(vids)) >> 1)::BIGINT END
