-- How each execution stands: what failed for good, whether ordinary work went on after it, and whether compensation
-- ran: steps that appear only after a failure, in this workflow, and take something back. That a message was taken
-- from a dead-letter queue is neither: it may have been put aside, or mended.
CREATE OR REPLACE TEMP TABLE b_ending AS
WITH failed AS (
    SELECT s.eid, min(t.start_ns) AS first_ns, max(t.end_ns) AS failed_ns, arg_max(t.service || ' ' || t.name, t.end_ns) AS what,
        list(DISTINCT s.st) AS kinds
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND t.failed AND s.step NOT IN (SELECT step FROM b_look) GROUP BY s.eid
),
later AS (
    SELECT s.eid, s.step, s.wf, c.st IS NOT NULL AS ordinary, t.service, t.name, t.end_ns > f.failed_ns AS last, f.first_ns, f.kinds
    FROM derived.execution_step AS s
    JOIN derived.step AS t USING (step)
    JOIN failed AS f USING (eid)
    LEFT JOIN derived.clean_step AS c ON c.wf = s.wf AND c.st = s.st
    WHERE NOT t.failed AND t.start_ns >= f.first_ns
),
taken AS (
    SELECT step, bool_or(dead_letter) AS aside, bool_or(operation = 'process' AND is_retry(destination)) AS retried
    FROM derived.reception SEMI JOIN later USING (step)
    WHERE dead_letter OR is_retry(destination)
    GROUP BY step
),
-- What was done about a message from a dead-letter queue.
mended AS (
    SELECT l.eid, l.step, bool_or(e.effect IS NOT NULL) AS resumed, bool_or(is_undoing(s.name)) AS undone
    FROM later AS l
    JOIN taken AS d ON d.step = l.step AND d.aside
    JOIN derived.span_step AS p ON p.step = l.step
    JOIN derived.span AS s USING (sid)
    LEFT JOIN derived.span_field AS f USING (sid)
    LEFT JOIN derived.clean_effect AS e ON e.wf = l.wf AND list_contains(l.kinds, e.st)
        AND e.effect = hash(text_hash(coalesce(f.destination, f.peer)), text_hash(s.name))
    WHERE NOT s.failed GROUP BY l.eid, l.step
),
before AS (
    SELECT DISTINCT x.eid, t.service
    FROM derived.execution_step AS x
    JOIN derived.step AS t USING (step)
    JOIN failed AS f USING (eid)
    WHERE NOT t.failed AND t.start_ns < f.first_ns
),
-- A compensation that failed itself: who undid a part did not undo it all.
stuck AS (
    SELECT DISTINCT s.eid
    FROM derived.execution_step AS s
    JOIN derived.step AS t USING (step)
    JOIN failed AS f USING (eid)
    ANTI JOIN derived.clean_step AS c ON c.wf = s.wf AND c.st = s.st
    LEFT JOIN before AS b ON b.eid = s.eid AND b.service = t.service
    WHERE s.last_attempt AND t.failed AND t.start_ns > f.first_ns AND (b.service IS NOT NULL OR is_undoing(t.name))
),
after AS (
    SELECT l.eid,
        bool_or(CASE WHEN d.aside THEN coalesce(m.undone, false)
            ELSE NOT l.ordinary AND (b.service IS NOT NULL OR is_undoing(l.name)) END) AS compensated,
        bool_or(l.last AND (l.ordinary AND u.step IS NULL OR coalesce(d.retried OR m.resumed, false))) AS went_on
    FROM later AS l
    LEFT JOIN taken AS d USING (step)
    LEFT JOIN mended AS m USING (eid, step)
    LEFT JOIN before AS b USING (eid, service)
    LEFT JOIN b_under_way AS u USING (eid, step)
    GROUP BY l.eid
)
SELECT e.eid, f.failed_ns, f.what, coalesce(a.compensated, false) AND e.eid NOT IN (SELECT eid FROM stuck) AS compensated, coalesce(a.went_on, false) AS went_on
FROM derived.execution AS e LEFT JOIN failed AS f USING (eid) LEFT JOIN after AS a USING (eid)
