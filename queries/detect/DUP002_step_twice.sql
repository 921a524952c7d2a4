-- code: DUP002
-- title: Step ran twice
-- family: duplicated
-- severity: medium
-- meaning: A step that runs once per execution in nearly all others ran successfully twice in this one.
-- cause: A caller that tried again although the first try had succeeded, a second trigger, or a
--   double submission.
-- action: Check whether the second run had an effect of its own and undo it.
-- unless: The step repeats in this workflow (loops, polling, batches) or in more than 5% of its
--   executions, only reads, was refused or failed the first time (of a batch, for this
--   execution alone), or one message processed twice
--   explains it.
WITH single AS (
    SELECT wf, st, once, executions FROM derived.model_step
    WHERE executions >= 30 AND wilson_lower(once, executions) >= 0.8 AND done - once <= greatest(3, 0.05 * done)
        -- To read twice changes nothing.
        AND NOT (kind = 2 AND regexp_matches(name, '^(GET|HEAD|OPTIONS)( |$)|(^|[/.])(Get|List|Search|Query|Find|Read|Describe)[A-Z][^/]*$'))
),
twice AS (
    SELECT eid, wf, st FROM b_kind SEMI JOIN single USING (wf, st) WHERE done > 1
),
done AS (
    SELECT s.eid, s.wf, s.st, count(DISTINCT coalesce(t.mid, t.step)) AS times,
        list(t.span_id ORDER BY t.start_ns, t.span_id) AS span_ids,
        list(t.trace_id ORDER BY t.start_ns, t.span_id) AS trace_ids,
        list(t.start_ns ORDER BY t.start_ns, t.span_id) AS starts,
        max(t.end_ns) AS seen_ns, any_value(t.service) AS service, min(t.namespace) AS namespace, any_value(t.name) AS name
    FROM derived.execution_step AS s
    SEMI JOIN twice USING (eid, wf, st)
    JOIN derived.step AS t USING (step)
    JOIN derived.execution AS e USING (eid)
    WHERE s.last_attempt AND NOT t.failed AND NOT t.refused AND t.activity IS NULL
        AND s.step NOT IN (SELECT sid FROM derived.reception WHERE doubled)
        AND (s.step, e.vid) NOT IN (SELECT (step, vid) FROM b_own_failure)
    GROUP BY s.eid, s.wf, s.st HAVING count(DISTINCT coalesce(t.mid, t.step)) > 1
)
SELECT
    hex_trace_id(d.trace_ids[1]) || ':' || hex_span_id(d.span_ids[1]) AS anchor,
    [d.eid] AS eids,
    d.service, d.name AS step,
    'service' AS owner_kind, d.service AS owner_name, d.namespace AS owner_namespace,
    d.trace_ids[1] AS trace_id, d.span_ids, d.starts[2] AS since_ns, d.seen_ns,
    printf('%s (%s) ran %d times with success, %.1f s apart; it ran once in %d of %d executions',
        d.name, d.service, d.times, (d.starts[2] - d.starts[1]) / 1e9, n.once, n.executions) AS message,
    json_object('times', d.times, 'apart_ns', d.starts[2] - d.starts[1], 'once', n.once, 'executions', n.executions) AS evidence,
    printf('Check what the second %s in %s changed, and who asked for it.', d.name, d.service) AS next_action
FROM done AS d JOIN single AS n USING (wf, st)
