-- Keys that workflow engines and brokers put on spans, in all their spellings, most specific first. numbered:
-- some writers count (SQS's batches are 0, 1, 2 ... each), so that it is a key only where it is not reused.
CREATE OR REPLACE TEMP TABLE b_engine_key AS
SELECT * FROM (VALUES
    (1, 'temporal.workflow.id', 'temporalWorkflowID', false),
    (1, 'temporal.workflow.id', 'temporal.workflow.id', false),
    (1, 'temporal.workflow.id', 'temporal.workflow_id', false),
    (1, 'temporal.workflow.id', 'temporal.workflowId', false),
    (1, 'temporal.workflow.id', 'temporalWorkflowId', false),
    (1, 'temporal.workflow.id', 'workflow.temporal.id', false),
    (2, 'zeebe.process.instance.key', 'zeebe.processInstanceKey', false),
    (2, 'zeebe.process.instance.key', 'zeebe.process_instance_key', false),
    (2, 'zeebe.process.instance.key', 'camunda.processInstanceKey', false),
    (2, 'zeebe.process.instance.key', 'processInstanceKey', false),
    (3, 'camel.exchange.id', 'camel.exchange.id', false),
    (3, 'camel.exchange.id', 'camel.exchangeId', false),
    (3, 'camel.exchange.id', 'exchangeId', false),
    (4, 'messaging.message.conversation_id', 'messaging.message.conversation_id', true),
    (4, 'messaging.message.conversation_id', 'messaging.conversation_id', true),
    (4, 'messaging.message.conversation_id', 'nservicebus.conversation_id', true)
) AS k(engine_rank, name, attribute, numbered)
