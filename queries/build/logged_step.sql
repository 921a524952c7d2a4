-- Steps in progress of which nothing has come but log records (design section 10): their span is not
-- stored, and is no parent of one that is (missing_parent has those). Each belongs where the step of its
-- trace does that began last before it told something. Told until the arrival grace and the patience
-- for such a service are over (log_service); then nobody knows.
-- needs: derived.span_log
CREATE OR REPLACE TABLE derived.logged_step AS
WITH stored AS (SELECT trace_id, span_id FROM derived.span SEMI JOIN derived.span_log USING (trace_id, span_id)),
under_way AS (
    SELECT g.*, r.service, r.namespace, p.deadline_ns
    FROM derived.span_log AS g
    JOIN derived.trace AS tr USING (trace_id)
    JOIN store.resource AS r USING (resource_id)
    JOIN derived.source AS x USING (source_id)
    JOIN derived.log_service AS p ON p.service = r.service AND p.namespace IS NOT DISTINCT FROM r.namespace AND p.tells
    ANTI JOIN stored AS d ON d.trace_id = g.trace_id AND d.span_id = g.span_id
    ANTI JOIN derived.missing_parent AS m ON m.trace_id = g.trace_id AND m.parent_span_id = g.span_id
    WHERE NOT tr.sampled AND x.horizon_ns - g.last_ns <= $grace_ns + p.deadline_ns
)
SELECT u.trace_id, u.span_id, u.service, u.namespace, u.first_ns AS since_ns, u.last_ns, u.deadline_ns,
    arg_max(t.step, (t.start_ns <= u.first_ns, t.start_ns, t.span_id)) AS step,
    arg_max(t.kset, (t.start_ns <= u.first_ns, t.start_ns, t.span_id)) AS kset
FROM under_way AS u JOIN derived.step AS t ON t.trace_id = u.trace_id
GROUP BY ALL
