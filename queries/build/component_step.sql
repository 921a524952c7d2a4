-- Take the smallest component next door, then the component of that component: few rounds.
CREATE OR REPLACE TEMP TABLE b_component_next AS
WITH near AS (
    SELECT c.trace_id, least(c.component, coalesce(min(o.component), c.component)) AS component
    FROM b_component AS c
    LEFT JOIN b_component_edge AS e ON e.one = c.trace_id
    LEFT JOIN b_component AS o ON o.trace_id = e.other
    GROUP BY c.trace_id, c.component
),
-- The best that any trace of an old component heard of is good for all of it.
heard AS (
    SELECT c.component AS old, min(n.component) AS component
    FROM b_component AS c JOIN near AS n USING (trace_id) GROUP BY c.component
)
SELECT c.trace_id, h.component FROM b_component AS c JOIN heard AS h ON h.old = c.component
