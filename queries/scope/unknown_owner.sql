-- Services, destinations and workflows whose owner only a whole analysis can find out. Of what stands beside the
-- part not all is read: how it began is not known here.
SELECT count(*) FROM (
    SELECT DISTINCT 'service' AS kind, service AS name FROM derived.span
    UNION SELECT DISTINCT 'destination', destination FROM derived.message WHERE destination IS NOT NULL
    UNION SELECT DISTINCT 'workflow', workflow FROM derived.execution SEMI JOIN s_inside USING (vid)
    WHERE workflow NOT IN (SELECT name FROM s_new_workflow)
) AS n WHERE (kind, name) NOT IN (SELECT (kind, name) FROM derived.owner)
