-- Traces that are no run of a workflow: probes (somebody asks whether a service is well) and polls that
-- brought nothing. Only where that is the whole trace, and no key, link or message ties it to anything.
-- because: what told so. Their spans stay what they are, and belong to no execution.
-- needs: b_open
CREATE OR REPLACE TABLE derived.set_aside AS
WITH untold AS (
    SELECT t.trace_id, t.root_sid
    FROM (SELECT trace_id, count(*) AS spans FROM b_open GROUP BY trace_id) AS o
    JOIN derived.trace AS t USING (trace_id) WHERE t.spans = o.spans
),
span AS (
    SELECT s.sid, s.psid, s.trace_id, s.name, CASE
        WHEN s.kind = 2 THEN 'asked'
        WHEN f.operation = 'receive' AND f.message_id IS NULL AND coalesce(f.batch_count, 0) = 0 AND f.partition IS NULL
            -- These are not asked: a message comes, or nothing does, and no span.
            AND NOT (s.kind = 5 AND f.batch_count IS NULL AND f.destination IS NOT NULL AND coalesce(f.system, '') IN (
                'rabbitmq', 'amqp', 'activemq', 'jms', 'nats', 'mqtt', 'stomp', 'socket.io'))
            THEN 'poll'
        -- Redis: they wait for something to come.
        WHEN f.peer_kind = 'datastore' AND regexp_matches(s.name, '^(B[LR]POP|B[LR]POPLPUSH|BL?MPOP|BLMOVE|BZ(M|POPMIN|POPMAX)|XREAD)')
            THEN 'poll'
        -- What a poll or a probe asks in turn; who asks, where he tells.
        WHEN s.kind = 3 AND f.operation IS NULL THEN 'asks'
        WHEN s.kind = 1 AND s.psid IS NOT NULL AND f.operation IS NULL THEN 'within'
        ELSE 'work' END AS part
    FROM derived.span AS s SEMI JOIN untold USING (trace_id) LEFT JOIN derived.span_field AS f ON f.sid = s.sid
),
shaped AS (
    SELECT trace_id, CASE WHEN bool_or(part = 'asked') THEN 'probe' ELSE 'poll' END AS what
    FROM span
    GROUP BY trace_id
    HAVING bool_and(part IN ('asked', 'asks', 'within')) AND bool_or(part = 'asked')
        OR bool_and(part = 'poll' OR (part = 'asks' AND psid IS NOT NULL)) AND bool_or(part = 'poll')
),
-- Of those that are asked about alone: there may be few among millions.
tied AS (
    SELECT s.trace_id FROM derived.link AS l JOIN span AS s ON s.sid = l.sid
    UNION ALL
    SELECT s.trace_id FROM derived.link AS l JOIN span AS s ON s.sid = l.linked_sid
    UNION ALL
    SELECT s.trace_id FROM b_join AS j JOIN span AS s ON s.sid = j.sid
    UNION ALL
    SELECT s.trace_id FROM b_join AS j JOIN span AS s ON s.sid = j.mid
),
loose AS (SELECT trace_id, what FROM shaped WHERE trace_id NOT IN (SELECT trace_id FROM tied)),
request AS (
    SELECT s.trace_id, s.name,
        coalesce(r.vals[f.i_http_method], regexp_extract(s.name, '^([A-Z]+)( |$)', 1)) AS method,
        rtrim(lower(regexp_extract(coalesce(r.vals[f.i_path], s.name), '/[^ ?#]*')), '/') AS path,
        r.vals[f.i_user_agent] AS agent, coalesce(r.vals[f.i_rpc_service], s.name) AS rpc
    FROM span AS s
    SEMI JOIN loose USING (trace_id)
    JOIN store.span AS r ON r.batch_id = (s.sid >> 32)::UBIGINT AND r.span_no = (s.sid & 4294967295)::UINTEGER
    LEFT JOIN b_field AS f ON f.shape_id = r.shape_id
    WHERE s.part = 'asked'
),
probe AS (
    SELECT trace_id, CASE
        WHEN regexp_matches(agent,
            '(?i)kube-probe|elb-healthchecker|googlehc|envoy/hc|health[-_ ]?(check|probe)|^prometheus/|blackbox|uptimerobot|pingdom|statuscake')
            THEN 'user agent ' || agent
        WHEN contains(rpc, 'grpc.health.v1.Health') THEN rpc
        WHEN method NOT IN ('', 'GET', 'HEAD', 'OPTIONS') THEN NULL
        -- Words that mean nothing else; and those that do, where nothing but the API's own place is before them.
        WHEN regexp_matches(path, '/(healthz|livez|readyz|health[-_]?check|-/(healthy|ready)|_+health|_*lbheartbeat_*|health/(live|ready|liveness|readiness|startup)|actuator/(health|prometheus|info)(/[a-z-]+)?)$')
            OR regexp_matches(path, '^(/(api|v[0-9]+|internal|admin|system|manage|management|public))*/(health|healthy|live|liveness|alive|ready|readiness|startup|ping|metrics|up|heartbeat|hc)$')
            THEN coalesce(nullif(method, '') || ' ', '') || path
        END AS because
    FROM request
)
SELECT l.trace_id, u.root_sid, l.what, CASE l.what WHEN 'probe' THEN p.because ELSE 'names no message' END AS because
FROM loose AS l
JOIN untold AS u USING (trace_id)
LEFT JOIN (SELECT trace_id, min(because) AS because FROM probe GROUP BY trace_id HAVING count(because) = count(*)) AS p USING (trace_id)
WHERE l.what = 'poll' OR p.because IS NOT NULL
