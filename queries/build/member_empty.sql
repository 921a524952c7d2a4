-- sid -> set of identities, with the reason and the span that gave it.
CREATE OR REPLACE TEMP TABLE b_member (sid BIGINT, kset BIGINT, reason VARCHAR, via BIGINT)
