-- Spans without a membership so far. Most are among others that have one all: a thousand numbers at a time are compared
-- by how many there are, and by what they come to.
CREATE OR REPLACE TEMP TABLE b_open AS
WITH short AS (
    SELECT chunk
    FROM (
        SELECT sid >> 10 AS chunk, sid, 1 AS spans FROM derived.span
        UNION ALL
        SELECT sid >> 10, sid, -1 FROM derived.span_set
    )
    GROUP BY chunk HAVING sum(spans) != 0 OR bit_xor(sid) != 0
)
SELECT s.sid, s.psid, s.trace_id
FROM short AS c JOIN (SELECT sid, psid, trace_id, sid >> 10 AS chunk FROM derived.span) AS s USING (chunk)
ANTI JOIN derived.span_set AS m ON m.sid = s.sid
