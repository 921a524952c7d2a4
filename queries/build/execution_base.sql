-- Executions before their status: when, where, started by what.
CREATE OR REPLACE TEMP TABLE b_execution AS
WITH rest AS (SELECT * FROM b_run_step ANTI JOIN (SELECT vid FROM b_head WHERE alone) AS h USING (vid)),
head AS (
    SELECT r.eid, t.step, t.service, t.name, t.start_ns, t.kind, t.span_id,
        r.caller_st IS NULL AND NOT EXISTS (
            SELECT 1 FROM b_cause AS b JOIN b_run_step AS f ON f.step = b.cause
            WHERE b.step = r.step AND f.eid = r.eid) AS is_head
    FROM rest AS r JOIN derived.step AS t USING (step)
),
-- A cycle of parents or links has no head: then the earliest step has to do.
-- What begins in one instant (an engine's spans may last no time) comes in the order of its names, so that
-- executions of one kind start alike.
first_head AS (
    SELECT vid AS eid, {'step': step, 'service': service, 'name': name} AS first FROM b_head WHERE alone
    UNION ALL
    SELECT eid, arg_min(
        {'step': step, 'service': service, 'name': name}, (NOT is_head, start_ns, kind = 5, name, service, span_id))
    FROM head GROUP BY eid
),
whole AS (
    SELECT eid, any_value(vid) AS vid, any_value(run) AS run, min(start_ns) AS start_ns, max(end_ns) AS end_ns,
        count(DISTINCT trace_id) AS traces, sum(spans)::BIGINT AS spans
    FROM b_run_step GROUP BY eid
),
-- Most executions are told by the same services as many others: the names of each such set are listed once.
teller AS MATERIALIZED (SELECT eid, sum(told) AS tellers FROM (SELECT DISTINCT eid, told FROM b_run_step) GROUP BY eid),
-- One execution's steps of each: few, so by themselves.
shown AS MATERIALIZED (
    SELECT e.tellers, r.step
    FROM (SELECT tellers, min(eid) AS eid FROM teller GROUP BY tellers) AS e JOIN b_run_step AS r USING (eid)
),
named AS (
    SELECT s.tellers, list_sort(list(DISTINCT t.service)) AS services, list(DISTINCT t.source_id) AS sources
    FROM shown AS s JOIN derived.step AS t USING (step)
    GROUP BY s.tellers
)
SELECT w.*, n.services, n.sources, f.first.step AS first_step, f.first.service AS start_service, f.first.name AS start_name
FROM whole AS w JOIN first_head AS f USING (eid) JOIN teller AS e USING (eid) JOIN named AS n USING (tellers)
