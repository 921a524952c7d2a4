-- The numbers of the messages that belong to these executions (eid): to that of its producer, or where that is
-- not known to those that took it.
CREATE OR REPLACE MACRO messages_in(eids) AS TABLE
WITH of AS (SELECT step FROM derived.execution_step WHERE eid IN (SELECT unnest(eids)))
SELECT m.mid FROM derived.message AS m WHERE m.producer_step IN (SELECT step FROM of)
UNION
SELECT m.mid FROM derived.message AS m JOIN derived.reception AS r USING (mid)
WHERE m.producer_step IS NULL AND r.step IN (SELECT step FROM of)
