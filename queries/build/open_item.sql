-- Everything open in an execution: one row a branch (design section 10). late: beyond its deadline
-- and the arrival grace; gone: nobody will take it up. What follows from another open branch is none.
CREATE OR REPLACE TABLE derived.open_item AS
WITH queued AS (
    SELECT x.eid, 'queue' AS holder_kind, w.destination AS holder, NULL AS namespace, w.system,
        CASE WHEN w.lost THEN 'lost in the queue' ELSE 'waiting in the queue' END AS state,
        w.published_ns AS since_ns, w.late OR w.lost AS late, w.lost AS gone, w.in_hand, w.consumer_service AS step_name,
        json_object('published_by', w.producer_service, 'span_id', hex_span_id(w.span_id), 'awaited_by', w.consumer_group,
            'deadline_ns', w.deadline_ns, 'deadline', w.deadline_source, 'processing_ns', w.busy_ns, 'arrival_grace_ns', $grace_ns,
            'not_before_ns', CASE WHEN w.due_ns > w.published_ns THEN w.due_ns END,
            'taken_later', CASE WHEN w.lost THEN w.taken_later END) AS evidence
    FROM derived.waiting AS w
    JOIN derived.execution_step AS x ON x.step = w.producer_step
    WHERE NOT w.blind
),
-- A message that is taken again belongs to those for which it was published.
again AS (
    SELECT DISTINCT x.eid, 'queue' AS holder_kind, r.destination AS holder, NULL AS namespace, r.system,
        'to be tried again' AS state, r.since_ns, false AS late, false AS gone, r.in_hand, r.consumer_service AS step_name,
        json_object('published_by', r.producer_service, 'failed_span_id', hex_span_id(r.span_id), 'tries_failed', r.tries,
            'awaited_by', r.consumer_group, 'came_again', r.came_again || ' of ' || r.so_failed,
            'deadline_ns', r.deadline_ns, 'deadline', r.deadline_source, 'processing_ns', r.busy_ns, 'arrival_grace_ns', $grace_ns) AS evidence
    FROM derived.redelivery AS r
    JOIN derived.execution_step AS x ON x.step = r.step
    WHERE r.producer_step IS NULL OR EXISTS (SELECT 1 FROM derived.execution_step AS p WHERE p.step = r.producer_step AND p.eid = x.eid)
),
between_steps AS (
    SELECT x.eid, 'between' AS holder_kind, x.service AS holder, x.namespace, NULL AS system,
        CASE WHEN x.matured THEN x.name || ' never began' ELSE 'before ' || x.name END AS state,
        x.end_ns AS since_ns, x.late, x.matured AS gone, false AS in_hand, x.name AS step_name,
        json_object('after', t.service || ' ' || t.name, 'span_id', hex_span_id(t.span_id), 'expected', x.name,
            'followed', x.followed, 'executions', x.executions, 'deadline_ns', x.deadline_ns, 'deadline', x.deadline_source,
            'arrival_grace_ns', $grace_ns) AS evidence
    FROM derived.expected_next AS x JOIN derived.step AS t ON t.step = x.after_step
),
rooted AS (
    SELECT DISTINCT trace_id FROM derived.step
    WHERE parent_span_id IS NULL AND trace_id IN (SELECT trace_id FROM derived.missing_parent WHERE vanished)
),
-- When an execution last went on by itself or by a message.
went_on AS (
    SELECT x.eid, max(t.start_ns) AS start_ns
    FROM derived.execution_step AS x JOIN derived.step AS t USING (step)
    WHERE x.eid IN (SELECT w.eid FROM b_works_for AS w JOIN derived.missing_parent AS m USING (sid) WHERE m.vanished)
        AND (t.parent_span_id IS NULL OR t.kind = 5)
    GROUP BY x.eid
),
-- A span that got lost although what follows it came holds nothing up: the execution went on after it had begun, or
-- the root of its trace has ended.
holding AS (
    SELECT m.*, x.eid
    FROM derived.missing_parent AS m JOIN b_works_for AS x USING (sid) LEFT JOIN went_on AS g USING (eid)
    WHERE NOT m.always_missing AND NOT m.sampled
        AND (NOT m.vanished OR x.eid IN (SELECT eid FROM queued) OR x.eid IN (SELECT eid FROM between_steps)
            OR (coalesce(g.start_ns <= m.since_ns, true) AND m.trace_id NOT IN (SELECT trace_id FROM rooted)))
),
executing AS (
    SELECT m.eid, 'service' AS holder_kind, coalesce(m.caller_service, m.child_service) AS holder,
        m.caller_namespace AS namespace, NULL AS system,
        CASE WHEN m.vanished THEN 'vanished in ' ELSE 'executing ' END
            || coalesce(m.caller_name, 'a caller of ' || m.child_name) AS state,
        m.since_ns, m.vanished AS late, m.vanished AS gone, false AS in_hand, m.caller_name AS step_name,
        json_object('missing_span_id', hex_span_id(m.parent_span_id), 'child', m.child_service || ' ' || m.child_name,
            'last_log_ns', m.logged_ns, 'deadline_ns', m.deadline_ns, 'deadline', m.deadline_source, 'arrival_grace_ns', $grace_ns) AS evidence
    FROM holding AS m
    -- Of several that are at work in one trace, the one that waits for no other holds.
    WHERE NOT EXISTS (
        SELECT 1 FROM b_waits_for AS w JOIN holding AS b ON b.sid = w.for_sid AND b.eid = w.eid
        WHERE w.sid = m.sid AND w.eid = m.eid AND (m.vanished OR NOT b.vanished))
    UNION ALL
    SELECT x.eid, 'service', g.service, g.namespace, NULL, 'executing, as its log tells', g.since_ns, false, false, false, NULL,
        json_object('span_id', hex_span_id(g.span_id), 'last_log_ns', g.last_ns, 'deadline_ns', g.deadline_ns,
            'arrival_grace_ns', $grace_ns)
    FROM derived.logged_step AS g JOIN derived.execution_step AS x ON x.step = g.step
)
SELECT * EXCLUDE (in_hand) FROM executing
UNION ALL
SELECT * EXCLUDE (in_hand) FROM queued WHERE NOT (in_hand AND eid IN (SELECT eid FROM executing))
UNION ALL
SELECT * EXCLUDE (in_hand) FROM again WHERE NOT (in_hand AND eid IN (SELECT eid FROM executing))
UNION ALL
SELECT * EXCLUDE (in_hand) FROM between_steps
WHERE eid NOT IN (SELECT eid FROM executing UNION ALL SELECT eid FROM queued UNION ALL SELECT eid FROM again)
