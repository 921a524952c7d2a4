-- Services, destinations and workflows whose owner only a whole analysis can find out.
SELECT count(*) FROM (
    SELECT DISTINCT 'service' AS kind, service AS name FROM derived.span
    UNION SELECT DISTINCT 'destination', destination FROM derived.message WHERE destination IS NOT NULL
    UNION SELECT DISTINCT 'workflow', workflow FROM derived.execution WHERE workflow NOT IN (SELECT name FROM s_new_workflow)
) AS n WHERE (kind, name) NOT IN (SELECT (kind, name) FROM derived.owner)
