-- Every service seen.
SELECT DISTINCT service, namespace FROM derived.span ORDER BY ALL
