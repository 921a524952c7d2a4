-- Services and destinations that nobody was asked about yet.
SELECT count(*) FROM (
    SELECT DISTINCT 'service' AS kind, service AS name FROM derived.span
    UNION SELECT DISTINCT 'destination', destination FROM derived.message WHERE destination IS NOT NULL
    UNION SELECT DISTINCT 'workflow', workflow FROM derived.execution
) AS n WHERE (kind, name) NOT IN (SELECT (kind, name) FROM derived.owner)
