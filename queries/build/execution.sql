-- Executions: who started them and of which workflow. Named by the key's value, by key=value where
-- two keys share the value; later runs carry #2, #3 ...
CREATE OR REPLACE TABLE derived.execution AS
WITH ambiguous AS (
    SELECT value FROM derived.identity
    WHERE key IS NOT NULL AND vid IN (SELECT vid FROM b_execution)
    GROUP BY value HAVING count(*) > 1
),
parent AS (SELECT eid, parent_eid FROM b_parent),
known AS (
    -- Up to the first gap after its end, if there was one.
    SELECT e.eid, max(coalesce(
        list_min(list_transform(list_filter(s.gaps, lambda g: g.to_ns > e.end_ns), lambda g: g.from_ns)), s.horizon_ns)) AS horizon_ns
    FROM (SELECT eid, end_ns, unnest(sources) AS source_id FROM b_execution) AS e
    JOIN derived.source AS s USING (source_id) GROUP BY e.eid
)
SELECT e.eid, e.vid, e.run,
    CASE WHEN i.value IN (SELECT value FROM ambiguous) THEN i.key || '=' || i.value ELSE i.value END
        || CASE WHEN e.run > 1 THEN '#' || e.run ELSE '' END AS execution,
    i.key, i.value, w.workflow, w.service AS start_service, hash(text_hash(w.service), text_hash(w.workflow)) AS wf,
    e.first_step, e.start_ns, e.end_ns, e.traces, e.spans, e.services, p.parent_eid,
    k.horizon_ns
FROM b_execution AS e
JOIN derived.identity AS i ON i.vid = e.vid
JOIN b_workflow AS w USING (eid)
JOIN known AS k USING (eid)
LEFT JOIN parent AS p USING (eid)
