-- What ties the traces not yet looked at to others: links both ways, and messages.
CREATE OR REPLACE TEMP TABLE s_tied AS
WITH front AS (SELECT trace_id FROM s_trace WHERE NOT looked)
SELECT linked_trace_id AS trace_id FROM store.link SEMI JOIN front USING (trace_id)
UNION
SELECT l.trace_id FROM store.link AS l SEMI JOIN front AS f ON f.trace_id = l.linked_trace_id
UNION
SELECT o.trace_id FROM derived.message_tie AS o
SEMI JOIN (SELECT m.tie FROM derived.message_tie AS m SEMI JOIN front USING (trace_id)) AS t USING (tie)
