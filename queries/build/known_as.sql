-- A text in which what brokers and clients made up to name a queue (for a reply, for one instance of a consumer)
-- is one name: unbounded names are no names of places. Those of RabbitMQ, Spring, NATS, JMS with ActiveMQ, IBM MQ,
-- TIBCO, Solace and MassTransit; a UUID within a name is an id, as in that of a step. Of what AWS and .NET qualify (arn:...:orders,
-- Shop.OrderPlaced, Shop, Version=...) the last word and the first one are the name.
CREATE OR REPLACE TEMP MACRO known_as(given) AS regexp_replace(regexp_replace(regexp_replace(given,
    'arn:aws[a-z-]*:s[nq]s:[^: ]*:[^: ]*:|, [^,;]+, Version=.*', '', 'g'),
    '(^|[:/ .])(?:(?:amq|spring)[.]gen-[0-9A-Za-z_-]+|amq[.]rabbitmq[.]reply-to[^ ]*|anonymous[.][0-9A-Za-z_-]{20,}|_INBOX[.][^ ]+|(?:(?:temp-)?(?:queue|topic)://)?ID:[^ ]+-[0-9]+-[0-9]+[^ ]*|AMQ[.][0-9A-F]{16,}|[$]TMP[$][.][^ ]+|#P2P/[^ ]+|[^ :/]+_(?:bus|endpoint)_[0-9a-z]{26})',
    '\1(anonymous)', 'g'),
    '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}', '{id}', 'g')
