-- code: ORP002
-- title: Lost message
-- family: orphaned
-- severity: high
-- meaning: A message was published and never consumed by a group that takes everything from this
--   destination, and that group has consumed later ones since: it was overtaken.
-- cause: The broker dropped or expired it, it was acknowledged unprocessed, or its consumer died
--   before it could tell.
-- action: Publish it again, or do by hand what its consumer would have done.
-- unless: No consumer of the destination was ever seen, the group takes only part of it (a filter, a
--   sample), only later ones of other partitions were consumed, another group took it in this one's
--   stead, the try that published it failed and a later one published again, it is not to be taken
--   yet, or a try that failed published its own message once more without saying until when, and the
--   deadline of a hand-off has not passed since, its receives dropped links or count more messages
--   than they and what is below them link to, or the queue was made for one answer: who asked may be gone.
SELECT
    hex_trace_id(w.trace_id) || ':' || hex_span_id(w.span_id) || ':' || w.consumer_group AS anchor,
    x.eids,
    w.consumer_service AS service, 'process ' || w.destination AS step,
    'service' AS owner_kind, w.consumer_service AS owner_name, NULL AS owner_namespace,
    w.trace_id, [w.span_id] AS span_ids, w.published_ns AS since_ns, NULL AS seen_ns,
    printf('%s published to %s and %s never consumed it, but consumed %s later ones',
        w.producer_service, w.destination, w.consumer_group,
        CASE WHEN w.taken_later > 100 THEN 'more than 100' ELSE w.taken_later::VARCHAR END) AS message,
    json_object('destination', w.destination, 'consumer_group', w.consumer_group,
        'producer', w.producer_service, 'producer_span_id', hex_span_id(w.span_id),
        'deadline_ns', w.deadline_ns, 'deadline', w.deadline_source, 'processing_ns', w.busy_ns, 'arrival_grace_ns', $grace_ns,
        'taken_later', w.taken_later) AS evidence,
    printf('Publish the message to %s again, or have %s process it by hand.', w.destination, w.consumer_service) AS next_action
FROM derived.waiting AS w
JOIN (
    SELECT step, list(eid ORDER BY eid) AS eids FROM derived.execution_step
    WHERE step IN (SELECT producer_step FROM derived.waiting) GROUP BY step
) AS x ON x.step = w.producer_step
WHERE w.lost AND NOT w.blind AND NOT w.in_hand
