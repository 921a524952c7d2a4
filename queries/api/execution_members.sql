-- The traces of $execution and why each belongs: the strongest bond that any of its spans has. bond, the
-- strongest first: key (the span carries it), lower key (one that stands for it), link, linked from,
-- message (and how the two ends were joined), joined (no key: by a link or message between the traces).
WITH me AS (SELECT eid, key, value FROM derived.execution WHERE execution = $execution),
mine AS (
    SELECT d.sid, d.trace_id, d.span_id, d.service, d.start_ns, d.end_ns, e.reason, e.via, t.step
    FROM derived.execution_step AS x
    JOIN me USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    JOIN derived.span_set AS e USING (sid)
),
-- Without a key: what leads from one of its traces to another, each end's bond to the other.
across AS (
    SELECT l.sid, l.linked_sid AS other, 'span link' AS how FROM derived.link AS l WHERE l.linked_sid IS NOT NULL
    UNION ALL
    SELECT r.sid, r.mid, CASE r.how WHEN 'link' THEN 'span link' ELSE r.how END
    -- (What was joined because it is one execution does not tell why it is.)
    FROM derived.reception AS r WHERE r.mid >= 0 AND r.how != 'correlation'
),
edge AS (
    SELECT a.sid, a.other, a.how, m.trace_id, o.trace_id AS other_trace
    FROM across AS a JOIN mine AS m USING (sid) JOIN mine AS o ON o.sid = a.other WHERE m.trace_id != o.trace_id
),
joined AS (SELECT sid, other, how FROM edge UNION ALL SELECT other, sid, how FROM edge),
bond AS (
    SELECT m.trace_id, m.sid, m.step, 'key' AS bond, 1 AS place, NULL AS other, NULL AS how FROM mine AS m WHERE m.reason = 'own'
    UNION ALL
    SELECT m.trace_id, m.sid, m.step, 'lower key', 2, NULL, m.reason[5:] FROM mine AS m WHERE starts_with(m.reason, 'own ')
    UNION ALL
    SELECT m.trace_id, m.sid, m.step, m.reason, CASE m.reason WHEN 'link' THEN 3 ELSE 4 END, m.via, 'span link'
    FROM mine AS m WHERE m.reason IN ('link', 'linked from')
    UNION ALL
    SELECT m.trace_id, m.sid, m.step, 'message', 5, m.via, coalesce(r.how, p.how)
    FROM mine AS m
    LEFT JOIN derived.reception AS r ON r.sid = m.sid AND r.mid = m.via
    LEFT JOIN derived.reception AS p ON p.sid = m.via AND p.mid = m.sid
    WHERE m.reason = 'message'
    UNION ALL
    SELECT m.trace_id, m.sid, m.step, 'joined', 6, j.other, j.how
    FROM mine AS m JOIN joined AS j USING (sid) WHERE m.reason = 'root'
),
best AS (
    SELECT b.* FROM bond AS b JOIN mine AS m USING (sid)
    LEFT JOIN mine AS o ON o.sid = b.other
    -- A trace without a key hangs on the one that began first.
    QUALIFY row_number() OVER (PARTITION BY b.trace_id
        ORDER BY b.place, b.place = 6 AND o.start_ns > m.start_ns, m.start_ns, m.span_id, o.start_ns, o.span_id) = 1
),
told AS (
    SELECT d.sid, d.trace_id, d.span_id, d.service, d.name, f.destination, f.partition, f.log_offset, f.message_id
    FROM (SELECT sid FROM best UNION SELECT other FROM best) AS b
    JOIN derived.span AS d USING (sid) LEFT JOIN derived.span_field AS f USING (sid)
),
whole AS (
    SELECT trace_id, count(*) AS spans, list_sort(list(DISTINCT service)) AS services, min(start_ns) AS start_ns, max(end_ns) AS end_ns,
        count(*) FILTER (reason = 'own') AS carriers
    FROM mine GROUP BY trace_id
),
shared AS (
    SELECT m.trace_id, max(e.executions) AS executions, count(*) FILTER (e.executions > 1) AS spans
    FROM mine AS m
    JOIN (
        SELECT step, count(*) AS executions FROM derived.execution_step
        WHERE step IN (SELECT step FROM mine) GROUP BY step
    ) AS e USING (step) GROUP BY m.trace_id
)
SELECT
    hex_trace_id(w.trace_id) AS trace_id,
    CASE b.bond
        WHEN 'key' THEN 'own ' || me.key
        WHEN 'lower key' THEN 'own ' || b.how || ', seen beside ' || me.key
        WHEN 'link' THEN 'linked to ' || o.name || ' (' || o.service || ')'
        WHEN 'linked from' THEN 'linked from ' || o.name || ' (' || o.service || ')'
        WHEN 'message' THEN 'message ' || concat_ws('/', coalesce(s.destination, o.destination), s.partition,
            coalesce(s.log_offset, s.message_id, o.message_id))
        ELSE 'no key: its trace and those linked to it'
    END AS reason,
    w.spans, w.services, utc(w.start_ns) AS started_at, utc(w.end_ns) AS ended_at,
    coalesce(b.bond, CASE WHEN me.key IS NULL THEN 'joined' ELSE 'key' END) AS bond, b.how,
    s.service AS by_service, s.name AS by_name, hex_span_id(s.span_id) AS by_span_id,
    hex_trace_id(o.trace_id) AS to_trace_id, o.service AS to_service, o.name AS to_name,
    w.carriers, h.spans AS shared_spans, h.executions AS shared_by
FROM whole AS w
CROSS JOIN me
LEFT JOIN best AS b USING (trace_id)
LEFT JOIN shared AS h USING (trace_id)
LEFT JOIN told AS s ON s.sid = b.sid
LEFT JOIN told AS o ON o.sid = b.other
ORDER BY w.start_ns, w.trace_id
