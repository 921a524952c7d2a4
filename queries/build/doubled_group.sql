-- Groups of whose messages it shows only in the mass that what was processed twice was not processed again. Doubled
-- instrumentation: thirty messages or more, nearly all processed twice at once (design section 6). RabbitMQ: who has
-- two queues at an exchange, and names neither, takes a message from each; of one in twenty, three at least.
CREATE OR REPLACE TABLE derived.doubled_group AS
WITH one AS (
    SELECT destination, consumer_group, mid, max(start_ns) <= min(end_ns) AND count(*) > 1 AS overlapping, count(*) > 1 AS several
    FROM b_processed GROUP BY destination, consumer_group, mid, identity
),
-- As it was published: an exchange, and its routing key.
unnamed AS MATERIALIZED (
    SELECT o.destination, o.consumer_group, count(DISTINCT o.mid) AS messages
    FROM (FROM one WHERE several) AS o JOIN derived.message AS m USING (mid)
    WHERE m.system IN ('rabbitmq', 'amqp') AND (o.destination IS NULL OR o.destination = coalesce(m.address, m.destination))
    GROUP BY o.destination, o.consumer_group HAVING messages >= 3
)
SELECT destination, consumer_group
FROM one GROUP BY destination, consumer_group
HAVING count(DISTINCT mid) >= 30 AND count(*) FILTER (overlapping) >= 0.95 * count(DISTINCT mid)
UNION
SELECT u.destination, u.consumer_group
FROM unnamed AS u JOIN derived.reception AS r ON r.consumer_group = u.consumer_group AND r.destination IS NOT DISTINCT FROM u.destination
GROUP BY u.destination, u.consumer_group, u.messages HAVING u.messages >= 0.05 * count(DISTINCT r.mid)
