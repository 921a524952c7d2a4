-- The start steps of each identity: its first head, and the heads of the same kind after it.
CREATE OR REPLACE TEMP TABLE b_start AS
WITH several AS (SELECT * FROM b_head WHERE NOT alone),
first_head AS (
    SELECT vid, arg_min({'step': step, 'service': service, 'name': name}, (start_ns, name, service, span_id)) AS first
    FROM several GROUP BY vid
)
SELECT vid, step, start_ns, service, name, false AS again FROM b_head WHERE alone
UNION ALL
SELECT h.vid, h.step, h.start_ns, h.service, h.name, h.step != f.first.step
FROM several AS h JOIN first_head AS f ON f.vid = h.vid AND f.first.service = h.service AND f.first.name = h.name
