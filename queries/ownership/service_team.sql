-- The team of each service, for what inherits an owner from the services that use it.
CREATE OR REPLACE TEMP TABLE o_service_team AS
SELECT service, namespace, team
FROM o_service
QUALIFY row_number() OVER (
    PARTITION BY service, namespace
    ORDER BY rank, team IS NULL, weight DESC, team, source
) = 1
