-- One row about the analysis itself.
CREATE OR REPLACE TABLE derived.analysis AS
SELECT $now_ns::BIGINT AS built_ns, $inputs::UBIGINT AS inputs, $took_ns::BIGINT AS took_ns,
    (SELECT max(horizon_ns) FROM derived.source) AS horizon_ns,
    (SELECT coalesce(bool_or(kind = 'live' AND NOT silent), false) FROM derived.source) AS live,
    (SELECT count(*) FROM derived.span) AS spans,
    (SELECT count(*) FROM derived.trace) AS traces,
    (SELECT count(*) FROM derived.execution) AS executions,
    (SELECT count(*) FROM derived.execution) - (
        SELECT count(DISTINCT f.eid)
        FROM derived.finding_execution AS f ANTI JOIN store.mute AS m USING (fingerprint)
        WHERE f.family IN ('orphaned', 'duplicated', 'stalled', 'inconsistent')
    ) AS accounted,
    (SELECT count(*) FROM derived.finding_raw) AS findings
