-- Steps that only the key ties to their execution, beside the steps of it that began before and may have
-- led to them. In an execution of very many steps these are the last that ended, of each kind, and the
-- last to end of those at work: every pair of ten thousand steps would never end.
CREATE OR REPLACE TEMP TABLE b_headless AS
WITH headless AS MATERIALIZED (
    -- What was called has a hand-off.
    SELECT e.eid, e.step, s.service, s.name, s.start_ns, w.service || '/' || w.workflow AS workflow
    FROM (SELECT eid, step FROM b_run_step WHERE NOT called) AS e
    ANTI JOIN derived.handoff AS h ON h.eid = e.eid AND h.to_step = e.step
    ANTI JOIN b_execution AS x ON x.first_step = e.step AND x.eid = e.eid
    JOIN derived.step AS s USING (step)
    JOIN b_workflow AS w USING (eid)
),
crowd AS (SELECT eid FROM b_run_step SEMI JOIN headless USING (eid) GROUP BY eid HAVING count(*) > 300),
source AS (
    SELECT r.eid, t.step, t.service, t.name, t.end_ns, t.start_ns, t.span_id
    FROM b_run_step AS r SEMI JOIN crowd USING (eid) JOIN derived.step AS t USING (step)
),
kind AS (SELECT DISTINCT eid, service AS from_service, name AS from_name FROM source),
late AS (SELECT h.*, k.from_service, k.from_name FROM headless AS h JOIN kind AS k USING (eid)),
-- Two of each moment: one of them is another step.
ended AS (
    SELECT * FROM source
    QUALIFY row_number() OVER (PARTITION BY eid, service, name, end_ns ORDER BY start_ns DESC, span_id) <= 2
),
last_ended AS (
    SELECT * FROM ended QUALIFY row_number() OVER (PARTITION BY eid, service, name, end_ns ORDER BY start_ns DESC, span_id) = 1
),
begun AS (
    SELECT * FROM source
    QUALIFY row_number() OVER (PARTITION BY eid, service, name, start_ns ORDER BY end_ns DESC, span_id) <= 2
),
-- Of all that began until then, the one that ends last.
last_begun AS (
    SELECT eid, service, name, start_ns AS moment_ns,
        max({'end_ns': end_ns, 'start_ns': start_ns, 'rest': 18446744073709551615 - span_id, 'step': step}) OVER (
            PARTITION BY eid, service, name ORDER BY start_ns RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last
    FROM begun
    QUALIFY row_number() OVER (PARTITION BY eid, service, name, start_ns ORDER BY span_id) = 1
),
candidate AS (
    SELECT l.eid, l.step, t.step AS from_step
    FROM late AS l ASOF JOIN last_ended AS t
        ON t.eid = l.eid AND t.service = l.from_service AND t.name = l.from_name AND t.end_ns < l.start_ns
    UNION
    SELECT l.eid, l.step, t.last.step
    FROM late AS l ASOF JOIN last_begun AS t
        ON t.eid = l.eid AND t.service = l.from_service AND t.name = l.from_name AND t.moment_ns < l.start_ns
    UNION
    SELECT h.eid, h.step, t.step FROM headless AS h JOIN ended AS t ON t.eid = h.eid AND t.end_ns = h.start_ns AND t.step != h.step
    UNION
    SELECT h.eid, h.step, t.step FROM headless AS h JOIN begun AS t ON t.eid = h.eid AND t.start_ns = h.start_ns AND t.step != h.step
    UNION
    SELECT h.eid, h.step, t.step
    FROM headless AS h ANTI JOIN crowd USING (eid)
    JOIN b_run_step AS r ON r.eid = h.eid AND r.step != h.step
    JOIN derived.step AS t ON t.step = r.step AND t.start_ns <= h.start_ns
)
SELECT h.eid, h.step, h.service, h.name, h.workflow, h.start_ns, t.step AS from_step, t.service AS from_service,
    t.name AS from_name, t.end_ns <= h.start_ns AS ended, t.end_ns, t.start_ns AS from_start_ns, t.span_id AS from_span_id
FROM candidate AS c
ANTI JOIN b_look AS l ON l.step = c.from_step
JOIN headless AS h ON h.eid = c.eid AND h.step = c.step
JOIN derived.step AS t ON t.step = c.from_step
