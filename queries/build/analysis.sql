-- One row about the analysis itself. Counted in one list: of a dozen subqueries beside each other DuckDB
-- considers every order (measured: 40 ms).
CREATE OR REPLACE TABLE derived.analysis AS
WITH counted(what, number) AS (
    SELECT 'received', coalesce(sum(spans), 0)::BIGINT FROM store.batch WHERE batch_id <= $upto
    UNION ALL SELECT 'horizon_ns', max(horizon_ns) FROM derived.source
    UNION ALL SELECT 'live', count(*) FROM derived.source WHERE kind = 'live' AND NOT silent
    UNION ALL SELECT 'spans', coalesce(sum(spans), 0)::BIGINT FROM derived.trace
    UNION ALL SELECT 'traces', count(*) FROM derived.trace
    UNION ALL SELECT 'set_aside', count(*) FROM derived.set_aside
    UNION ALL SELECT 'executions', count(*) FROM derived.execution
    UNION ALL
    SELECT 'unaccounted', count(DISTINCT f.eid)
    FROM derived.finding_execution AS f ANTI JOIN store.mute AS m USING (fingerprint)
    WHERE f.family IN ('orphaned', 'duplicated', 'stalled', 'inconsistent')
    UNION ALL SELECT 'findings', count(*) FROM derived.finding_raw
),
total AS (
    SELECT
        max(number) FILTER (what = 'received') AS received,
        max(number) FILTER (what = 'horizon_ns') AS horizon_ns,
        max(number) FILTER (what = 'live') AS live,
        max(number) FILTER (what = 'spans') AS spans,
        max(number) FILTER (what = 'traces') AS traces,
        max(number) FILTER (what = 'set_aside') AS set_aside,
        max(number) FILTER (what = 'executions') AS executions,
        max(number) FILTER (what = 'unaccounted') AS unaccounted,
        max(number) FILTER (what = 'findings') AS findings
    FROM counted
)
SELECT $now_ns::BIGINT AS built_ns, $inputs::UBIGINT AS inputs, $took_ns::BIGINT AS took_ns,
    -- Up to which batch, and of how many spans; what was decided then; when the reference tables were
    -- learned, how long that took and from how many spans; whether something was seen since that needs it.
    $upto::BIGINT AS upto, received,
    $given::UBIGINT AS given, $learned_ns::BIGINT AS learned_ns, $learning_ns::BIGINT AS learning_ns,
    coalesce($learned_spans, received)::BIGINT AS learned_spans, $due::BOOLEAN AS due,
    horizon_ns, live > 0 AS live, spans, traces, set_aside, executions, executions - unaccounted AS accounted, findings
FROM total
