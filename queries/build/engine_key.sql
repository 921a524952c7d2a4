-- Keys that workflow engines and brokers put on spans, in all their spellings, most specific first.
CREATE OR REPLACE TEMP TABLE b_engine_key AS
SELECT * FROM (VALUES
    (1, 'temporal.workflow.id', 'temporalWorkflowID'),
    (1, 'temporal.workflow.id', 'temporal.workflow.id'),
    (1, 'temporal.workflow.id', 'temporal.workflow_id'),
    (1, 'temporal.workflow.id', 'temporal.workflowId'),
    (1, 'temporal.workflow.id', 'temporalWorkflowId'),
    (1, 'temporal.workflow.id', 'workflow.temporal.id'),
    (2, 'zeebe.process.instance.key', 'zeebe.processInstanceKey'),
    (2, 'zeebe.process.instance.key', 'zeebe.process_instance_key'),
    (2, 'zeebe.process.instance.key', 'camunda.processInstanceKey'),
    (2, 'zeebe.process.instance.key', 'processInstanceKey'),
    (3, 'camel.exchange.id', 'camel.exchange.id'),
    (3, 'camel.exchange.id', 'camel.exchangeId'),
    (3, 'camel.exchange.id', 'exchangeId'),
    (4, 'messaging.message.conversation_id', 'messaging.message.conversation_id'),
    (4, 'messaging.message.conversation_id', 'messaging.conversation_id')
) AS k(engine_rank, name, attribute)
