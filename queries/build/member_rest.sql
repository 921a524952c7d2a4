INSERT INTO b_member
WITH first_vid AS (SELECT coalesce(max(vid), 0) AS base FROM derived.identity WHERE rank IS NOT NULL)
SELECT s.sid, base + c.component, 'root', t.root_sid
FROM derived.span AS s JOIN b_component AS c USING (trace_id) JOIN derived.trace AS t USING (trace_id), first_vid
WHERE s.sid NOT IN (SELECT sid FROM b_member)
