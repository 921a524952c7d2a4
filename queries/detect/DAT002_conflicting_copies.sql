-- code: DAT002
-- title: Conflicting copies
-- family: data
-- severity: low
-- meaning: Spans were exported more than once, and their copies contradict each other. The copy that
--   ended last was followed; the others are kept and may be the right ones. One finding a service.
-- cause: A span was sent while it was still open and again when it ended, a processor rewrote one of
--   two pipelines' copies, or two processes make the same ids (a generator forked with its seed).
-- action: Compare the copies; export each span once, or seed the id generator after the fork.
-- unless: The copies are equal, or one only has attributes that the other lacks.
WITH differing AS (
    SELECT c.trace_id, c.span_id, c.copies, c.differs, d.service, r.namespace, d.start_ns, d.end_ns
    FROM derived.span_copy AS c JOIN derived.span AS d USING (trace_id, span_id)
    JOIN store.resource AS r USING (resource_id)
    WHERE len(c.differs) > 0
),
way AS (
    SELECT service, namespace, field, count(*) AS spans FROM (SELECT service, namespace, unnest(differs) AS field FROM differing)
    GROUP BY ALL
),
ways AS (
    SELECT service, namespace, list(field ORDER BY spans DESC, field) AS fields FROM way GROUP BY service, namespace
),
concerned AS (
    SELECT d.service, d.namespace, list(DISTINCT x.eid ORDER BY x.eid) AS eids
    FROM differing AS d
    JOIN derived.span AS s USING (trace_id, span_id)
    JOIN derived.span_step AS t ON t.sid = s.sid
    JOIN derived.execution_step AS x ON x.step = t.step
    GROUP BY ALL
)
SELECT
    coalesce(d.namespace || '/', '') || d.service AS anchor, coalesce(any_value(c.eids), []) AS eids,
    d.service, NULL AS step, 'service' AS owner_kind, d.service AS owner_name, d.namespace AS owner_namespace,
    arg_min(d.trace_id, (d.start_ns, d.span_id)) AS trace_id,
    list(d.span_id ORDER BY d.start_ns, d.span_id)[:10] AS span_ids,
    min(d.start_ns) AS since_ns, max(d.end_ns) AS seen_ns,
    printf('%d %s of %s came more than once, and the copies disagree on %s', count(*),
        CASE WHEN count(*) = 1 THEN 'span' ELSE 'spans' END, d.service,
        array_to_string(any_value(w.fields)[:4], ', ')
            || CASE WHEN len(any_value(w.fields)) > 4 THEN ', ...' ELSE '' END) AS message,
    json_object('spans', count(*), 'copies', max(d.copies), 'disagree_on', any_value(w.fields)[:20]) AS evidence,
    printf('Find out why %s exports these spans twice, and which copy is right.', d.service) AS next_action
FROM differing AS d
JOIN ways AS w ON w.service = d.service AND w.namespace IS NOT DISTINCT FROM d.namespace
LEFT JOIN concerned AS c ON c.service = d.service AND c.namespace IS NOT DISTINCT FROM d.namespace
GROUP BY d.service, d.namespace
