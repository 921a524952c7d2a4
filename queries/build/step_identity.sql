-- Which identities each step belongs to, and of each step the numbers that the statements after this one count and
-- compare: names are looked up in derived.step for the few rows that need them. st: its kind, caller_st: its caller's,
-- where that belongs to the same identity (called: and is another step), told: the service that told it, through which
-- source.
CREATE OR REPLACE TEMP TABLE b_step_identity AS
WITH belongs AS MATERIALIZED (
    SELECT i.vid, t.step, t.caller, t.trace_id, t.start_ns, t.end_ns, t.spans, t.failed, t.refused, t.last_attempt,
        hash(text_hash(t.service), text_hash(t.name)) AS st, hash(text_hash(t.service), t.source_id) AS told
    FROM derived.step AS t JOIN derived.set_identity AS i USING (kset)
)
SELECT b.*, c.st AS caller_st, coalesce(c.step != b.step, false) AS called
FROM belongs AS b LEFT JOIN belongs AS c ON c.vid = b.vid AND c.step = b.caller
