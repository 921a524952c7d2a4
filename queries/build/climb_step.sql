-- Those without an answer yet take the one that their parent got in the last round. For trees, few and small
-- rounds: only the answers of the last one are looked at.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT p.sid, p.ptr, n.near
FROM (SELECT sid, ptr FROM b_pointer WHERE near IS NULL) AS p
LEFT JOIN (SELECT sid, near FROM b_pointer WHERE near IS NOT NULL) AS n ON n.sid = p.ptr
