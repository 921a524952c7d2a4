-- Every service seen.
SELECT DISTINCT service, namespace FROM store.resource
WHERE resource_id IN (SELECT resource_id FROM derived.span) ORDER BY ALL
