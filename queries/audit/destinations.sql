-- What each workflow publishes, and what became of it: who took it, again and again, or put it aside.
-- A dead-letter queue is one where such a message ended, or one that has the destination's name in
-- its own.
WITH tries AS (
    -- Receiving and then processing is one try; a group that was never seen processing only receives.
    SELECT mid, consumer_group,
        count(*) FILTER (operation = 'process' AND NOT doubled) AS processed,
        count(*) FILTER (operation = 'receive' AND NOT doubled) AS received
    FROM derived.reception GROUP BY mid, consumer_group
),
again AS (
    SELECT mid, sum(greatest(CASE WHEN processed > 0 THEN processed ELSE received END - 1, 0))::BIGINT AS again
    FROM tries GROUP BY mid
),
took AS (
    SELECT mid, list(DISTINCT service) AS services, any_value(a.again) AS again,
        bool_or(dead_letter) AS dead, any_value(destination) FILTER (dead_letter) AS dead_destination
    FROM derived.reception JOIN again AS a USING (mid)
    WHERE operation = 'process' OR dead_letter OR operation = 'receive' GROUP BY mid
),
dead_names AS (
    SELECT destination AS name FROM derived.message WHERE is_dead_letter(destination)
    UNION SELECT destination FROM derived.reception WHERE is_dead_letter(destination)
    UNION SELECT name FROM store.declaration WHERE kind = 'destination' AND type = 'dead-letter'
),
published AS (
    SELECT DISTINCT e.workflow, m.mid, m.system, m.destination, a.service, a.name
    FROM derived.message AS m
    JOIN derived.execution_step AS x ON x.step = m.producer_step
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS a ON a.step = m.producer_step
    WHERE e.workflow IS NOT NULL AND ($workflow IS NULL OR e.workflow = $workflow) AND NOT m.publish_failed
),
summed AS (
    SELECT p.workflow, p.system, p.destination, p.service, p.name,
        count(*) AS messages, count(t.mid) AS taken, coalesce(sum(t.again), 0)::BIGINT AS redelivered,
        count(*) FILTER (t.dead) AS dead_lettered,
        list_sort(list_distinct(flatten(list(coalesce(t.services, []))))) AS takers,
        min(t.dead_destination) AS dead_destination
    FROM published AS p LEFT JOIN took AS t USING (mid)
    GROUP BY p.workflow, p.system, p.destination, p.service, p.name
),
found AS (
    SELECT s.*, coalesce(s.dead_destination, (
        SELECT min(d.name) FROM dead_names AS d WHERE contains(d.name, s.destination) AND d.name != s.destination
    )) AS dead_letter
    FROM summed AS s
)
SELECT f.* EXCLUDE (dead_destination), is_dead_letter(f.destination) AS is_dead_letter,
    o.team, o.rule AS team_rule, d.team AS dead_letter_team
FROM found AS f
LEFT JOIN derived.owner AS o
    ON o.kind = 'destination' AND o.name = f.destination AND o.namespace IS NOT DISTINCT FROM f.system
LEFT JOIN (
    SELECT name, any_value(team) AS team FROM derived.owner WHERE kind = 'destination' GROUP BY name
) AS d ON d.name = f.dead_letter
ORDER BY f.workflow, f.destination, f.service, f.name
