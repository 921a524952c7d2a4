-- Every candidate for the owner of everything seen. `namespace` of a destination is its messaging
-- system. `place`: the winner is 1. Order: rank; a team before none; the more often seen; then by
-- name, so that the answer never depends on the order of files or of their entries.
CREATE OR REPLACE TEMP TABLE o_candidate AS
WITH candidate AS (
    SELECT 'service' AS kind, service AS name, namespace, team, written, source, rule, rank, weight, voice
    FROM o_service
    UNION ALL
    SELECT 'destination', destination, system, team, written, source, rule, rank, weight, voice
    FROM o_destination
    UNION ALL
    SELECT kind, peer, NULL, team, written, source, rule, rank, 0, voice FROM o_peer
    UNION ALL
    SELECT 'workflow', workflow, NULL, team, written, source, rule, rank, weight, voice FROM o_workflow
)
SELECT *, row_number() OVER (
    PARTITION BY kind, name, namespace
    ORDER BY rank, team IS NULL, weight DESC, team, source, written
) AS place
FROM candidate
