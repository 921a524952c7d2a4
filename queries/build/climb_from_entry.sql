-- Entry spans (design section 6): roots, SERVER, a CONSUMER that is not nested in one of the same
-- service, a child of another service's span, and a span whose executions are not its parent's.
CREATE OR REPLACE TEMP TABLE b_near AS
SELECT s.sid, s.sid AS near
FROM derived.span AS s
LEFT JOIN derived.span AS p ON p.sid = s.psid
LEFT JOIN derived.span_set AS ks ON ks.sid = s.sid
LEFT JOIN derived.span_set AS kp ON kp.sid = s.psid
WHERE s.psid IS NULL
    OR s.kind = 2
    OR (s.kind = 5 AND p.kind != 5)
    OR s.service != p.service OR s.namespace IS DISTINCT FROM p.namespace
    OR ks.kset IS DISTINCT FROM kp.kset
