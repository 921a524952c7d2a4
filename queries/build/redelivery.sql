-- Messages that lie in their queue again after a try that failed: of such a consumer group as takes most of them again
-- after so many tries (model_redelivery), until the deadline of that, the time that processing takes and the arrival
-- grace are over: then it gave up. Not what it put aside or sent to be tried elsewhere, nor what another group took in
-- its stead. in_hand, left_ns: as in waiting.
-- needs: b_failed_try, derived.model_redelivery
CREATE OR REPLACE TABLE derived.redelivery AS
WITH last_failed AS (
    SELECT f.* FROM b_failed_try AS f
    WHERE f.again_ns IS NULL
        AND f.mid NOT IN (SELECT mid FROM derived.reception WHERE dead_letter)
        AND f.mid NOT IN (SELECT mid FROM b_put_off)
        AND f.step NOT IN (
            SELECT producer_step FROM derived.message
            WHERE producer_step IS NOT NULL AND (is_dead_letter(destination) OR is_retry(destination)))
        AND NOT EXISTS (
            SELECT 1 FROM derived.reception AS r
            WHERE r.mid = f.mid AND r.start_ns >= f.ended_ns AND coalesce(r.operation, '') NOT IN ('settle', 'reject')
                AND (r.consumer_group = f.consumer_group OR NOT r.failed))
),
again AS (
    SELECT f.mid, m.system, m.destination, f.consumer_group, f.service AS consumer_service, m.producer_service, m.producer_step,
        f.step, t.trace_id, f.span_id, coalesce(m.kset, t.kset) AS kset, f.ended_ns AS since_ns, f.tries,
        w.failed AS so_failed, w.came AS came_again, w.deadline_ns, w.deadline_source, coalesce(d.busy_ns, 0) AS busy_ns,
        coalesce(list_min(list_transform(list_filter(s.gaps, lambda g: g.to_ns > f.ended_ns), lambda g: g.from_ns)), s.horizon_ns) AS horizon_ns
    FROM last_failed AS f
    JOIN derived.message AS m USING (mid)
    JOIN derived.step AS t ON t.step = f.step
    JOIN derived.source AS s ON s.source_id = t.source_id
    JOIN derived.model_redelivery AS w ON w.taker = hash(text_hash(m.system), text_hash(m.destination), text_hash(f.consumer_group)) AND w.tries IN (0, f.tries)
    LEFT JOIN derived.model_destination AS d
        ON d.destination = m.destination AND d.consumer_group = f.consumer_group AND d.system IS NOT DISTINCT FROM m.system
    QUALIFY row_number() OVER (PARTITION BY f.mid, f.consumer_group ORDER BY w.tries DESC) = 1
),
at_work AS (
    SELECT unnest(ksets) AS kset, caller_service AS service, since_ns FROM derived.missing_parent WHERE NOT always_missing
    UNION ALL
    SELECT kset, service, since_ns FROM derived.logged_step
)
SELECT a.*, $grace_ns + a.busy_ns + a.deadline_ns - (a.horizon_ns - a.since_ns) AS left_ns,
    EXISTS (
        SELECT 1 FROM at_work AS p WHERE p.kset = a.kset AND p.service = a.consumer_service AND p.since_ns >= a.since_ns) AS in_hand
FROM again AS a
WHERE a.came_again >= 0.5 * a.so_failed AND left_ns >= 0
