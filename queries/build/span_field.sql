-- What the analysis reads of a span's attributes, of those spans that tell any of it: messages, peers, a refusal. A table
-- of its own, for a column of text costs as much to write for ten million spans that do not have it as for those that do.
-- operation: what is done to a message. destination: the name that people know it by. address: its own name, where that
-- is another one. refused: the server said no (4xx, a gRPC code), for which the conventions leave its status unset: no error
-- of its own, but nothing done. gave_up: a Celery task that gave up this try and asked for another one: its status is
-- unset. kind: of a call that sends, PRODUCER (b_aws_call). step_name: where a name that was made up stood in the span's
-- name, that name without it.
CREATE OR REPLACE TABLE derived.span_field AS
WITH given AS (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.trace_id, s.scope_id, s.name, s.kind, s.dropped_links, s.vals,
        f.* EXCLUDE (shape_id)
    FROM store.span AS s LEFT JOIN b_field AS f ON f.shape_id = s.shape_id
    -- A PRODUCER sends and a CONSUMER takes, although its attributes say nothing of it.
    WHERE f.shape_id IS NOT NULL OR s.kind IN (4, 5)
),
placed AS (
    SELECT s.* EXCLUDE (kind), CASE WHEN a.sends THEN 4 ELSE s.kind END::UTINYINT AS kind, a.system AS aws_system, a.batch AS aws_batch,
        lower(s.vals[s.i_operation]) AS op_type, lower(s.vals[s.i_operation_name]) AS op_said,
        -- RabbitMQ's default exchange leads to the queue that the routing key names; aio-pika writes both, after a comma.
        CASE WHEN s.i_routing_key IS NOT NULL
                AND coalesce(s.vals[s.i_destination], '') IN ('', '<default>', '(default)', 'amq.default')
            THEN nullif(s.vals[s.i_routing_key], '')
            -- SQS: a queue's URL ends with its name. otelaws has that for the server's address, and tells no other place.
            WHEN a.sends AND s.i_destination IS NULL THEN nullif(regexp_extract(s.vals[s.i_peer_address], '^https?://[^/ ]+/[0-9]+/([^/ ]+)$', 1), '')
            WHEN starts_with(s.vals[s.i_destination], 'http') THEN regexp_replace(s.vals[s.i_destination], '^https?://[^/ ]+/[0-9]+/([^/ ]+)$', '\1')
            ELSE nullif(ltrim(s.vals[s.i_destination], ','), '') END AS address
    FROM given AS s LEFT JOIN b_aws_call AS a USING (sid)
),
-- Names that were made up are long: few are looked at for it.
seen AS (SELECT *, CASE WHEN strlen(address) > 20 THEN known_as(address) END AS known FROM placed),
-- As the conventions have it in the names of spans: by the template, else that it is anonymous or temporary; by one
-- word, for who replies to a queue seldom knows which of the two it is.
called AS (
    SELECT *, CASE
        -- NATS: of an inbox the template is what all of them begin with.
        WHEN i_template IS NOT NULL AND vals[i_template] NOT IN ('', '_INBOX', '_INBOX.') THEN vals[i_template]
        WHEN known = '{id}' THEN '(anonymous)'
        WHEN known != address THEN known
        WHEN (i_anonymous IS NOT NULL OR i_temporary IS NOT NULL) AND (vals[i_anonymous] = 'true' OR vals[i_temporary] = 'true')
            THEN '(anonymous)'
        ELSE address END AS destination,
        i_message_id IS NOT NULL AND i_partition IS NOT NULL AND vals[i_system] = 'kafka'
            AND try_cast(vals[i_message_id] AS BIGINT) IS NOT NULL AS offset_id
    FROM seen
),
read AS (
    SELECT k.sid, k.trace_id, k.scope_id, k.kind, k.dropped_links,
        CASE WHEN k.destination != k.address THEN replace(n.step_name, k.address, k.destination) END AS step_name,
        coalesce(k.vals[k.i_task_state] IN ('RETRY', 'FAILURE', 'REJECTED'), false) AS gave_up,
        k.kind = 2 AND (coalesce(try_cast(k.vals[k.i_http_status] AS INTEGER) >= 400, false)
            OR coalesce(k.vals[k.i_rpc_status] NOT IN ('0', 'OK'), false)) AS refused,
        CASE
            WHEN k.kind IN (1, 2, 3) AND k.op_type IS NULL THEN NULL
            WHEN k.op_said IN ('nack', 'reject', 'abandon', 'dead_letter', 'deadletter', 'release')
                OR k.op_type IN ('nack', 'reject', 'abandon', 'dead_letter') THEN 'reject'
            WHEN k.op_type = 'create' THEN 'create'
            -- A PRODUCER sends, whatever it says: that of confluent-kafka for Python says receive.
            WHEN k.kind = 4 OR k.op_type IN ('publish', 'send') THEN 'send'
            WHEN k.op_type IN ('deliver', 'process') THEN 'process'
            WHEN k.op_type IN ('receive', 'poll', 'pull', 'consume') THEN 'receive'
            WHEN k.op_type IN ('settle', 'ack', 'complete', 'commit') THEN 'settle'
            -- (ReaderLoop: that of Bunny, which has a span for each frame it waits for.)
            WHEN k.kind = 5 AND regexp_matches(lower(k.name), '(^|[ ._])(receive|recv|poll)($|[ ._])|readerloop') THEN 'receive'
            WHEN k.kind = 5 THEN 'process'
        END AS operation,
        -- One system has one name, by whatever generation of instrumentations.
        CASE WHEN k.vals[k.i_system] IN ('aws.sqs', 'AmazonSQS') THEN 'aws_sqs' WHEN k.vals[k.i_system] IN ('aws.sns', 'AmazonSNS') THEN 'aws_sns'
            ELSE coalesce(k.vals[k.i_system], k.aws_system) END AS system,
        k.destination,
        -- Who asks knows RabbitMQ's direct reply-to without what it has for who replies.
        CASE WHEN k.address != k.destination THEN
            CASE WHEN starts_with(k.address, 'amq.rabbitmq.reply-to') THEN 'amq.rabbitmq.reply-to' ELSE k.address END
        END AS address,
        -- An id that is an offset (Sarama's) is one within its partition.
        CASE WHEN NOT k.offset_id THEN nullif(k.vals[k.i_message_id], '') END AS message_id,
        nullif(k.vals[k.i_consumer_group], '') AS consumer_group,
        k.vals[k.i_partition] AS partition,
        coalesce(k.vals[k.i_log_offset], CASE WHEN k.offset_id THEN k.vals[k.i_message_id] END) AS log_offset,
        -- AWS: how many a batch has, few tell: not one, at any rate.
        coalesce(try_cast(k.vals[k.i_batch_count] AS BIGINT), CASE WHEN k.aws_batch THEN 0 END) AS batch_count,
        k.vals[k.i_activity] AS activity,
        CASE WHEN k.kind = 3 THEN coalesce(
            k.vals[k.i_peer_service], k.vals[k.i_db_name], k.vals[k.i_db_system], k.vals[k.i_peer_address])
        END AS peer,
        CASE WHEN k.kind = 3 AND k.i_db_system IS NOT NULL THEN 'datastore' WHEN k.kind = 3 THEN 'external' END
            AS peer_kind
    FROM called AS k LEFT JOIN b_name AS n ON n.name = CASE WHEN k.destination != k.address THEN k.name END
)
SELECT * FROM read
WHERE (operation IS NOT NULL OR destination IS NOT NULL OR message_id IS NOT NULL OR activity IS NOT NULL
        OR peer IS NOT NULL OR peer_kind = 'datastore' OR refused OR gave_up)
    AND sid NOT IN (SELECT sid FROM derived.span_dropped)
