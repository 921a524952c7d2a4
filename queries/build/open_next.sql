-- What should happen next, for every open branch: the consumer of a waiting message, the step that
-- is expected to begin, or what follows the step that is being executed (the first of its successors).
CREATE OR REPLACE TABLE derived.open_next AS
WITH direct AS (
    SELECT n.wf, n.from_st, n.to_st FROM derived.model_next AS n
    WHERE n.expected AND NOT EXISTS (
        SELECT 1 FROM derived.model_next AS a
        JOIN derived.model_next AS b ON b.wf = a.wf AND b.from_st = a.to_st AND b.to_st = n.to_st AND b.expected
        WHERE a.wf = n.wf AND a.from_st = n.from_st AND a.expected)
),
follows AS (
    SELECT d.wf, f.service, f.name, list(k.name || ' (' || k.service || ')' ORDER BY k.name, k.service) AS steps
    FROM direct AS d
    JOIN derived.model_step AS f ON f.wf = d.wf AND f.st = d.from_st
    JOIN derived.model_step AS k ON k.wf = d.wf AND k.st = d.to_st
    GROUP BY d.wf, f.service, f.name
)
SELECT DISTINCT o.eid, o.holder_kind, o.holder, o.since_ns, o.step_name,
    CASE o.holder_kind
        WHEN 'queue' THEN ['process ' || o.holder || ' (' || o.step_name || ')']
        WHEN 'between' THEN [o.step_name || ' (' || o.holder || ')']
        ELSE coalesce(f.steps, [])
    END AS next_steps
FROM derived.open_item AS o
JOIN derived.execution AS e USING (eid)
LEFT JOIN follows AS f ON o.holder_kind = 'service' AND f.wf = e.wf AND f.service = o.holder AND f.name = o.step_name
