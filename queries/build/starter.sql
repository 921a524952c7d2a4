-- Spans within a step that begin one, for their executions are not their parent's. What has its membership from an
-- ancestor or from all of its trace has its parent's.
CREATE OR REPLACE TEMP TABLE b_starter AS
WITH given AS MATERIALIZED (
    SELECT s.sid, s.psid, k.kset
    FROM derived.span AS s
    JOIN (SELECT sid, kset FROM derived.span_set WHERE reason != 'ancestor' AND reason != 'trace') AS k USING (sid)
    WHERE NOT s.is_entry
)
SELECT g.sid FROM given AS g LEFT JOIN derived.span_set AS p ON p.sid = g.psid
WHERE g.kset IS DISTINCT FROM p.kset
