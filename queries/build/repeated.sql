-- What an execution has several times: kinds of steps, of hand-offs, and of calls of peers that send no telemetry;
-- sort: one number for the kind. Most it has once. So the executions that have a kind are counted in the workflow
-- graph as what there is of it less what repeats, without looking for each execution among millions.
CREATE OR REPLACE TABLE derived.repeated AS
SELECT eid, hash(wf, st) AS sort, count(*) AS times FROM derived.execution_step GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT eid, hash(wf, from_st, to_st, type, is_async) AS sort, count(*) FROM derived.handoff GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT eid, hash(wf, text_hash(service), text_hash(name), peer_kind) AS sort, count(*) FROM derived.virtual_call GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT eid, hash(wf, st, text_hash(service), text_hash(name)) AS sort, count(*) FROM derived.virtual_call GROUP BY ALL HAVING count(*) > 1
