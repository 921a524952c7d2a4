-- Child executions and their parent; several parents: the one seen with it first by number.
-- needs: b_beside
CREATE OR REPLACE TEMP TABLE b_child AS
SELECT low AS vid, min(high) AS parent_vid FROM b_beside WHERE is_child GROUP BY low
