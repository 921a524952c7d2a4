-- Spans that nothing in their own trace explains: what they link to, what links to them, their
-- message. Several answers are shared by a consumer of several messages and refused otherwise.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH reach AS (
    SELECT l.sid, m.kset, 1 AS place, 'link' AS reason, l.linked_sid AS via
    FROM derived.link AS l SEMI JOIN b_open AS o ON o.sid = l.sid JOIN derived.span_set AS m ON m.sid = l.linked_sid
    UNION ALL
    SELECT l.linked_sid, m.kset, 2, 'linked from', l.sid
    FROM derived.link AS l SEMI JOIN b_open AS o ON o.sid = l.linked_sid JOIN derived.span_set AS m ON m.sid = l.sid
    UNION ALL
    SELECT j.sid, m.kset, 3, 'message', j.mid
    FROM b_join AS j SEMI JOIN b_open AS o ON o.sid = j.sid JOIN derived.span_set AS m ON m.sid = j.mid
    UNION ALL
    SELECT j.mid, m.kset, 4, 'message', j.sid
    FROM b_join AS j SEMI JOIN b_open AS o ON o.sid = j.mid JOIN derived.span_set AS m ON m.sid = j.sid
    UNION ALL
    SELECT o.sid, m.kset, 5, 'message', j.sid
    FROM (SELECT sid, mid FROM b_join SEMI JOIN b_open USING (sid) WHERE mid < 0) AS o
    JOIN b_join AS j ON j.mid = o.mid AND j.sid != o.sid JOIN derived.span_set AS m ON m.sid = j.sid
),
unanswered AS (
    SELECT r.*, coalesce(f.kind = 5 OR f.operation IN ('receive', 'process'), false) AS takes
    FROM reach AS r LEFT JOIN derived.span_field AS f USING (sid)
    WHERE r.sid NOT IN (SELECT sid FROM b_waiting)
),
vid_of AS (
    SELECT u.sid, u.place, any_value(u.reason) AS reason,
        arg_min(u.via, (v.start_ns, v.span_id, v.trace_id)) AS via, any_value(u.takes) AS takes,
        count(DISTINCT u.kset) AS sets, list_sort(list(DISTINCT k.vid)) AS vids
    FROM unanswered AS u JOIN b_kset AS k USING (kset) LEFT JOIN derived.span AS v ON v.sid = u.via
    GROUP BY u.sid, u.place
)
SELECT sid, kset_id(vids) AS kset, reason, via, vids
FROM vid_of
WHERE sets = 1 OR (takes AND place IN (1, 3))
QUALIFY row_number() OVER (PARTITION BY sid ORDER BY place) = 1
