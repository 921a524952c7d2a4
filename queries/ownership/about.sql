-- Which declarations are about which of the things seen, whoever won.
CREATE OR REPLACE TEMP TABLE o_about AS
SELECT o.kind, o.name, o.namespace, o.team AS accountable, d.entity, d.role, d.team, d.written, d.source
FROM derived.owner AS o
JOIN o_declared AS d ON d.kind = o.kind AND d.folded = lower(o.name)
WHERE o.rule != 'no-identity' AND (NOT d.exact OR d.name = o.name) AND CASE
    WHEN d.kind = 'service' THEN d.namespace IS NULL OR d.namespace = o.namespace
        OR (NOT d.exact AND (o.namespace IS NULL OR lower(o.namespace) IN ('', lower(d.namespace))))
    WHEN d.kind = 'destination' THEN NOT d.exact OR d.system IS NULL OR d.system = o.namespace
    ELSE true
END
