-- Start of the climb to a step: entry spans, and spans whose executions are not their parent's. What has its
-- membership from an ancestor or from all of its trace has its parent's.
CREATE OR REPLACE TEMP TABLE b_near AS
SELECT sid, sid AS near, 0::UTINYINT AS round FROM derived.span WHERE is_entry
UNION ALL
SELECT s.sid, s.sid, 0
FROM derived.span_set AS k
JOIN derived.span AS s ON s.sid = k.sid AND NOT s.is_entry
LEFT JOIN derived.span_set AS p ON p.sid = s.psid
WHERE k.reason NOT IN ('ancestor', 'trace') AND k.kset IS DISTINCT FROM p.kset
