-- Per trace with spans still open: what the others belong to, and whether that is one set. Where a batch waits for
-- what it links to, its trace waits for it.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_agreement AS
WITH left_open AS (
    SELECT DISTINCT trace_id FROM b_open WHERE trace_id NOT IN (SELECT trace_id FROM b_waiting)
)
SELECT s.trace_id, min(m.kset) AS kset, min(m.kset) = max(m.kset) AS agreed,
    arg_min(m.via, (m.reason = 'ancestor', s.start_ns, s.span_id)) AS via
FROM derived.span AS s JOIN derived.span_set AS m USING (sid) SEMI JOIN left_open USING (trace_id)
GROUP BY s.trace_id
