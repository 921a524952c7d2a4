-- Which attributes could be correlation keys: text, integers and arrays of them, outside the
-- namespaces of the semantic conventions and not of the idempotency kind (design section 5.1). Those
-- that people would think of all the same are kept with the reason why they cannot be (barred).
CREATE OR REPLACE TEMP TABLE b_candidate AS
WITH place AS (
    SELECT shape_id, unnest(keys) AS name, unnest(types) AS type, generate_subscripts(keys, 1) AS i
    FROM store.shape
),
conventional(namespace) AS (
    SELECT unnest(['android', 'artifact', 'aspnetcore', 'aws', 'az', 'azure', 'browser', 'camel',
        'cassandra', 'cicd', 'client', 'cloud', 'cloudevents', 'cloudfoundry', 'code', 'container', 'cpu',
        'cpython', 'db', 'deployment', 'destination', 'device', 'disk', 'dns', 'dotnet', 'elasticsearch',
        'enduser', 'error', 'event', 'exception', 'faas', 'feature_flag', 'file', 'gcp', 'gen_ai', 'geo',
        'go', 'graphql', 'hardware', 'heroku', 'host', 'http', 'hw', 'internal', 'ios', 'jvm', 'k8s',
        'kafka', 'kestrel', 'linux', 'log', 'mainframe', 'mcp', 'message', 'messaging', 'net', 'network', 'nfs',
        'nodejs', 'oci', 'onc_rpc', 'openai', 'openshift', 'opentracing', 'oracle', 'oracle_cloud', 'oracledb',
        'os', 'otel', 'peer', 'pprof', 'process', 'profile', 'rabbitmq', 'rpc', 'sampler', 'sampling',
        'security_rule', 'server', 'service', 'session', 'signalr', 'source', 'span', 'statement', 'system',
        'telemetry', 'test', 'thread', 'tls', 'tracestate', 'url', 'user', 'user_agent', 'v8js', 'vcs',
        'webengine', 'zos'])
),
-- Whom or what the conventions' own ids name.
known(namespace, names) AS (VALUES
    ('user', 'a person'), ('enduser', 'a person'), ('session', 'a visit'),
    ('http', 'a request'), ('rpc', 'a request'), ('url', 'a request'), ('client', 'a caller'), ('app', 'an installation')
),
told AS (
    SELECT p.*, trim(regexp_replace(lower(regexp_replace(p.name, '([a-z0-9])([A-Z])', '\1_\2', 'g')), '[^a-z0-9]+', '_', 'g'), '_') AS words,
        split_part(lower(p.name), '.', 1) AS namespace, k.names,
        contains(lower(p.name), 'idempoten') AS of_a_try, e.name AS engine, e.numbered,
        lower(p.name) IN ('messaging.kafka.message.key', 'messaging.kafka.message_key') AS partitions
    FROM place AS p
    LEFT JOIN known AS k ON k.namespace = split_part(lower(p.name), '.', 1)
    LEFT JOIN b_engine_key AS e ON lower(e.attribute) = lower(p.name)
),
-- What it is of, without the word for a name and what stands before everything: order, of app.orderId.
named AS (
    SELECT * REPLACE (CASE WHEN stem = '' THEN words ELSE regexp_replace(stem, '^((app|attr|attribute|label|tag|ctx|context|biz|business|custom|x|baggage|payload|body|param|params|header|data|dto|message|msg|event)_)+', '') END AS stem)
    FROM (SELECT *, regexp_replace(words, '_?(id|ids|no|nr|num|number|key|uuid|guid|ref|reference|code)$', '') AS stem FROM told)
)
SELECT shape_id, i, type, name,
    CASE
        WHEN of_a_try THEN 'names one try: of the idempotency kind'
        WHEN partitions THEN 'partitions messages: another spelling of a key at most'
        WHEN lower(name) IN ('nservicebus.message_id', 'nservicebus.native_message_id') THEN 'names a message, which is a part of what goes on'
        WHEN engine IS NOT NULL THEN 'written by a broker: no key where its values are reused'
        WHEN names IS NOT NULL AND (namespace != 'app'
                OR regexp_matches(lower(name), '^app\.(installation\.id|build_id|crash|jank|screen|widget)'))
            THEN printf('names %s: %s.* of the semantic conventions', names, namespace)
        WHEN regexp_matches(words, '(^|_)(amount|total|subtotal|price|cost|fee|tax|sum|count|size|length|duration|latency|elapsed|quantity|qty|weight|score|rate|ratio|percent|percentage|age|balance|timestamp|time|date|at|ts)(_(cents|ms|us|ns|s|sec|seconds|millis|bytes|kb|mb|kg|g|eur|usd|utc|iso))?$')
            THEN 'measures something, as it is called'
    END AS barred, partitions,
    stem,
    -- Made to correlate, and for nothing else; and who or what comes again.
    regexp_matches(stem, '(^|_)(request|req|trace|span|correlation|corr|causation|operation|activity|flow)$') AS technical,
    regexp_matches(words, '(^|_)(customer|client|consumer|user|username|login|member|person|people|patient|guest|visitor|buyer|seller|merchant|vendor|supplier|partner|subscriber|employee|owner|account|acct|tenant|organi[sz]ation|org|company|workspace|store|shop|warehouse|branch|site|region|country|device|terminal|vehicle|session|email|mail|phone|address|iban|card)s?(_?(id|ids|no|nr|num|number|key|uuid|guid|ref|reference|code))?$') AS enduring,
    replace(lower(regexp_replace(name, '[^A-Za-z0-9]', '', 'g')) || '$', 'ids$', 'id$') AS plain_name
FROM named
WHERE type IN (1, 3, 5) AND coalesce(numbered, NOT starts_with(lower(name), 'temporal'))
    AND (engine IS NOT NULL OR partitions OR namespace NOT IN (SELECT namespace FROM conventional) OR namespace IN ('user', 'enduser', 'session')
        OR (names IS NOT NULL AND regexp_matches(lower(name), '[._-](id|uuid|key)$')))
