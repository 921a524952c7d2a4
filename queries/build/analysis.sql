-- One row about the analysis itself.
CREATE OR REPLACE TABLE derived.analysis AS
SELECT $now_ns::BIGINT AS built_ns, $inputs::UBIGINT AS inputs, $took_ns::BIGINT AS took_ns,
    -- Up to which batch, and of how many spans; what was decided then; when the reference tables were
    -- learned, how long that took and from how many spans; whether something was seen since that needs it.
    $upto::BIGINT AS upto, (SELECT coalesce(sum(spans), 0) FROM store.batch WHERE batch_id <= $upto)::BIGINT AS received,
    $given::UBIGINT AS given, $learned_ns::BIGINT AS learned_ns, $learning_ns::BIGINT AS learning_ns,
    coalesce($learned_spans, (SELECT sum(spans) FROM store.batch WHERE batch_id <= $upto), 0)::BIGINT AS learned_spans, $due::BOOLEAN AS due,
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
