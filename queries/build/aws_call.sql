-- Calls of SQS and SNS that send: to AWS, to send a message is to call a server. sends: a CLIENT span, which is a PRODUCER
-- to the analysis; a PRODUCER is one anyhow. system: as the conventions name it. batch: with several messages, few tell how
-- many. Some write the service before the method (otelaws).
CREATE OR REPLACE TEMP TABLE b_aws_call AS
SELECT sid, sends, 'aws_' || aws['service'] AS system, ends_with(aws['method'], 'batch') AS batch
FROM (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.kind = 3 AS sends,
        regexp_extract(lower(concat_ws('/', s.vals[f.i_rpc_service], s.vals[f.i_rpc_method])),
            '(sqs|sns)(?:client)?/((?:sendmessage|publish)(?:batch)?)$', ['service', 'method']) AS aws
    FROM store.span AS s JOIN b_field AS f USING (shape_id)
    WHERE f.i_rpc_system IS NOT NULL AND s.kind IN (3, 4) AND s.vals[f.i_rpc_system] = 'aws-api'
)
WHERE aws['method'] != ''
