-- Requests from outside that only read, as of a customer who asks how the order stands: their name says so, and none of
-- that name ever handed anything on but to what reads, too. (The link in a mail that confirms an order is a GET.)
CREATE OR REPLACE TABLE derived.reading AS
WITH asked AS MATERIALIZED (SELECT step, service, name FROM derived.step WHERE kind = 2 AND caller IS NULL AND is_reading(name)),
handed_on AS (
    SELECT a.service, a.name
    FROM derived.handoff AS h JOIN asked AS a ON a.step = h.from_step JOIN derived.step AS t ON t.step = h.to_step
    WHERE NOT is_reading(t.name)
    UNION
    SELECT a.service, a.name FROM derived.message AS m JOIN asked AS a ON a.step = m.producer_step
)
SELECT DISTINCT service, name FROM asked ANTI JOIN handed_on USING (service, name)
