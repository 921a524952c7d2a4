-- Which attributes could be correlation keys: text, integers and arrays of them, outside the
-- namespaces of the semantic conventions and not of the idempotency kind (design section 5.1).
CREATE OR REPLACE TEMP TABLE b_candidate AS
WITH place AS (
    SELECT shape_id, unnest(keys) AS name, unnest(types) AS type, generate_subscripts(keys, 1) AS i
    FROM store.shape
),
conventional(namespace) AS (
    SELECT unnest(['android', 'app', 'artifact', 'aspnetcore', 'aws', 'az', 'azure', 'browser', 'camel',
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
)
SELECT shape_id, i, type, name,
    replace(lower(regexp_replace(name, '[^A-Za-z0-9]', '', 'g')) || '$', 'ids$', 'id$') AS plain_name
FROM place
WHERE type IN (1, 3, 5)
    AND split_part(lower(name), '.', 1) NOT IN (SELECT namespace FROM conventional)
    AND NOT starts_with(lower(name), 'temporal')
    AND NOT contains(lower(name), 'idempoten')
    AND lower(name) NOT IN (SELECT lower(attribute) FROM b_engine_key)
