-- What each kind of step does to peers and queues when it goes well. Of workflows that have a dead-letter queue: it
-- tells whether a message taken from there was worked on after all. A datastore's bare INSERT tells nothing.
CREATE OR REPLACE TABLE derived.clean_effect AS
WITH workflow AS (
    SELECT DISTINCT x.wf FROM derived.reception AS r JOIN derived.execution_step AS x USING (step) WHERE r.dead_letter
),
-- By itself: few workflows are.
clean AS MATERIALIZED (
    SELECT step, wf, st FROM derived.execution_step SEMI JOIN workflow USING (wf) WHERE NOT failed
),
within AS MATERIALIZED (SELECT sid, step FROM derived.span_step SEMI JOIN clean USING (step)),
sent AS MATERIALIZED (
    SELECT t.sid, t.step, coalesce(f.destination, f.peer) AS place, f.peer_kind
    FROM within AS t JOIN derived.span_field AS f USING (sid)
    WHERE f.kind IN (3, 4) AND coalesce(f.destination, f.peer) IS NOT NULL
)
SELECT DISTINCT x.wf, x.st, hash(text_hash(t.place), text_hash(s.name)) AS effect
FROM clean AS x
JOIN sent AS t USING (step)
JOIN derived.span AS s USING (sid)
WHERE NOT s.failed AND (t.peer_kind IS DISTINCT FROM 'datastore' OR contains(s.name, ' '))
