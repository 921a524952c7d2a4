-- The start steps of each identity: its first head, and the heads of the same kind after it.
CREATE OR REPLACE TEMP TABLE b_start AS
WITH first_head AS (
    SELECT vid, arg_min(service, (start_ns, name, service, span_id)) AS service, arg_min(name, (start_ns, name, service, span_id)) AS name
    FROM b_head GROUP BY vid
)
SELECT h.vid, h.step, h.start_ns, h.service, h.name,
    row_number() OVER (PARTITION BY h.vid ORDER BY h.start_ns, h.span_id) AS place
FROM b_head AS h JOIN first_head AS f USING (vid, service, name)
