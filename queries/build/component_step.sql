-- What each component heard of: the smallest component next door to any of its traces.
-- needs: b_component
CREATE OR REPLACE TEMP TABLE b_heard AS
WITH near AS (
    SELECT c.component, least(c.component, coalesce(min(o.component), c.component)) AS heard
    FROM b_component AS c
    LEFT JOIN b_component_edge AS e ON e.one = c.trace_id
    LEFT JOIN b_component AS o ON o.trace_id = e.other
    GROUP BY c.trace_id, c.component
)
SELECT component, min(heard) AS heard FROM near GROUP BY component
