CREATE OR REPLACE VIEW keys AS
WITH used AS (SELECT key, count(*) AS executions FROM derived.execution GROUP BY key)
SELECT k.name, k.aliases, k.per, k.kind, k.rank, k.chosen, k.reason, k.values_seen,
    CASE WHEN k.chosen THEN coalesce(u.executions, 0) ELSE k.values_seen END AS executions,
    k.traces::BIGINT AS traces, k.services, k.joins_share, k.names_share, k.reused_share
FROM derived.key AS k LEFT JOIN used AS u ON u.key = k.name
