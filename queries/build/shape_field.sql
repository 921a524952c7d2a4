-- Where each shape keeps the attributes that the analysis reads. One alias table for all
-- generations of semantic-convention names (design section 6); a lower priority wins.
CREATE OR REPLACE TEMP TABLE b_field AS
WITH alias(field, attribute, priority) AS (VALUES
    ('system', 'messaging.system', 1),
    ('operation', 'messaging.operation.type', 1),
    ('operation', 'messaging.operation', 2),
    ('operation', 'messaging.operation.name', 3),
    ('operation_name', 'messaging.operation.name', 1),
    ('destination', 'messaging.destination.name', 1),
    ('destination', 'messaging.destination', 2),
    ('destination', 'messaging.source.name', 3),
    ('destination', 'messaging.source', 4),
    ('destination', 'messaging.kafka.topic', 5),
    ('destination', 'kafka.topic', 6),
    ('destination', 'rabbitmq.queue', 7),
    ('routing_key', 'messaging.rabbitmq.destination.routing_key', 1),
    ('routing_key', 'messaging.rabbitmq.routing_key', 2),
    ('message_id', 'messaging.message.id', 1),
    ('message_id', 'messaging.message_id', 2),
    ('consumer_group', 'messaging.consumer.group.name', 1),
    ('consumer_group', 'messaging.kafka.consumer.group', 2),
    ('consumer_group', 'messaging.kafka.consumer_group', 3),
    ('consumer_group', 'kafka.consumer.group', 4),
    ('consumer_group', 'messaging.consumer_group', 5),
    ('consumer_group', 'messaging.rocketmq.client_group', 6),
    ('consumer_group', 'messaging.eventhubs.consumer.group', 7),
    ('consumer_group', 'messaging.destination.subscription.name', 8),
    ('consumer_group', 'messaging.servicebus.destination.subscription_name', 9),
    ('partition', 'messaging.destination.partition.id', 1),
    ('partition', 'messaging.kafka.partition', 2),
    ('partition', 'messaging.kafka.destination.partition', 3),
    ('partition', 'messaging.kafka.source.partition', 4),
    ('partition', 'kafka.partition', 5),
    ('log_offset', 'messaging.kafka.offset', 1),
    ('log_offset', 'messaging.kafka.message.offset', 2),
    ('log_offset', 'kafka.offset', 3),
    ('batch_count', 'messaging.batch.message_count', 1),
    ('activity', 'temporalActivityID', 1),
    ('task_state', 'celery.state', 1),
    ('db_system', 'db.system.name', 1),
    ('db_system', 'db.system', 2),
    ('db_name', 'db.namespace', 1),
    ('db_name', 'db.name', 2),
    ('http_status', 'http.response.status_code', 1),
    ('http_status', 'http.status_code', 2),
    ('rpc_status', 'rpc.grpc.status_code', 1),
    ('rpc_status', 'rpc.response.status_code', 2),
    ('peer_service', 'peer.service', 1),
    ('peer_service', 'service.peer.name', 2),
    ('peer_address', 'server.address', 1),
    ('peer_address', 'net.peer.name', 2),
    ('peer_address', 'http.host', 3)
),
place AS (
    SELECT shape_id, unnest(keys) AS attribute, generate_subscripts(keys, 1) AS i FROM store.shape
),
hit AS (
    SELECT shape_id, field, arg_min(i, priority) AS i
    FROM place JOIN alias USING (attribute)
    GROUP BY shape_id, field
)
SELECT
    shape_id,
    max(i) FILTER (field = 'system') AS i_system,
    max(i) FILTER (field = 'operation') AS i_operation,
    max(i) FILTER (field = 'operation_name') AS i_operation_name,
    max(i) FILTER (field = 'destination') AS i_destination,
    max(i) FILTER (field = 'routing_key') AS i_routing_key,
    max(i) FILTER (field = 'message_id') AS i_message_id,
    max(i) FILTER (field = 'consumer_group') AS i_consumer_group,
    max(i) FILTER (field = 'partition') AS i_partition,
    max(i) FILTER (field = 'log_offset') AS i_log_offset,
    max(i) FILTER (field = 'batch_count') AS i_batch_count,
    max(i) FILTER (field = 'activity') AS i_activity,
    max(i) FILTER (field = 'task_state') AS i_task_state,
    max(i) FILTER (field = 'db_system') AS i_db_system,
    max(i) FILTER (field = 'db_name') AS i_db_name,
    max(i) FILTER (field = 'http_status') AS i_http_status,
    max(i) FILTER (field = 'rpc_status') AS i_rpc_status,
    max(i) FILTER (field = 'peer_service') AS i_peer_service,
    max(i) FILTER (field = 'peer_address') AS i_peer_address
FROM hit
GROUP BY shape_id
