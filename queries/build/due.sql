-- Before when a message is not to be taken, or a failed try not to be followed by another, where a span tells: of few.
-- BullMQ tells milliseconds from now, RocketMQ those of the clock, NServiceBus a time; and Celery of the next try, in the
-- text of its Retry, seconds or a time, of UTC unless it says otherwise. As a DOUBLE, for it may be any number.
CREATE OR REPLACE TEMP TABLE b_due AS
SELECT sid, due::BIGINT AS due_ns
FROM (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid,
        CASE WHEN s.kind = 4 THEN coalesce(
                s.start_ns + 1e6 * try_cast(s.vals[f.i_delay] AS DOUBLE),
                1e6 * try_cast(s.vals[f.i_deliver_at] AS DOUBLE),
                1e3 * epoch_us(try_cast(regexp_replace(s.vals[f.i_deliver_at], ':([0-9]+) Z$', '.\1') AS TIMESTAMP)))
            ELSE coalesce(
                s.end_ns + 1e9 * try_cast(regexp_extract(s.vals[f.i_retry_reason], '^Retry in ([0-9.]+)s', 1) AS DOUBLE),
                1e3 * epoch_us(try_cast(regexp_extract(s.vals[f.i_retry_reason], '^Retry at ([-0-9]+ [0-9:.]+[+-][0-9]{2}:[0-9]{2})', 1) AS TIMESTAMPTZ)),
                1e3 * epoch_us(try_cast(regexp_extract(s.vals[f.i_retry_reason], '^Retry at ([-0-9]+ [0-9]{2}:[0-9]{2}:[0-9.]+)', 1) AS TIMESTAMP)))
        END AS due
    FROM store.span AS s JOIN b_field AS f USING (shape_id)
    WHERE (f.i_delay IS NOT NULL OR f.i_deliver_at IS NOT NULL OR f.i_retry_reason IS NOT NULL)
)
WHERE due BETWEEN -9e18 AND 4102444800e9
