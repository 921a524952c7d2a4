-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_component_edge AS
WITH edge AS (
    SELECT sid AS one, linked_sid AS other FROM derived.link WHERE linked_sid IS NOT NULL
    UNION ALL SELECT sid, mid FROM b_join WHERE mid >= 0
    UNION ALL SELECT a.sid, min(b.sid) FROM b_join AS a JOIN b_join AS b USING (mid) WHERE a.mid < 0 GROUP BY ALL
),
open_edge AS (
    SELECT a.trace_id AS one, b.trace_id AS other
    FROM edge AS e JOIN b_open AS a ON a.sid = e.one JOIN b_open AS b ON b.sid = e.other
    WHERE a.trace_id != b.trace_id
)
SELECT one, other FROM open_edge UNION SELECT other, one FROM open_edge
