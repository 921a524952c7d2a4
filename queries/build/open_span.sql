-- Spans without a membership so far. Most are where every span has one: by counting a thousand at a time.
CREATE OR REPLACE TEMP TABLE b_open AS
WITH short AS (
    SELECT chunk
    FROM (
        SELECT sid >> 10 AS chunk, 1 AS spans FROM derived.span
        UNION ALL
        SELECT sid >> 10, -1 FROM derived.span_set
    )
    GROUP BY chunk HAVING sum(spans) != 0
)
SELECT s.sid, s.psid, s.trace_id
FROM short AS c JOIN (SELECT sid, psid, trace_id, sid >> 10 AS chunk FROM derived.span) AS s USING (chunk)
ANTI JOIN derived.span_set AS m ON m.sid = s.sid
