-- How many services of the part log of which the last whole analysis knew no log record.
SELECT count(*) FROM (
    SELECT DISTINCT r.service, r.namespace
    FROM derived.span_log AS g JOIN store.resource AS r USING (resource_id)
) AS l
WHERE NOT EXISTS (
    SELECT 1 FROM derived.log_service AS p
    WHERE p.service = l.service AND p.namespace IS NOT DISTINCT FROM l.namespace)
