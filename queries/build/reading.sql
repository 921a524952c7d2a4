-- Requests from outside that only read, as of a customer who asks how the order stands: their name says so, and none of
-- that name ever handed anything on but to what reads, too. (The link in a mail that confirms an order is a GET.)
CREATE OR REPLACE TABLE derived.reading AS
WITH named AS MATERIALIZED (
    SELECT * FROM (SELECT DISTINCT service, name FROM derived.step WHERE kind = 2 AND caller IS NULL) WHERE is_reading(name)
),
asked AS MATERIALIZED (SELECT step, service, name FROM derived.step SEMI JOIN named USING (service, name) WHERE kind = 2 AND caller IS NULL),
moved AS (
    SELECT from_step AS step FROM derived.handoff
    WHERE from_step IN (SELECT step FROM asked)
        AND to_step NOT IN (
            SELECT t.step FROM derived.step AS t WHERE is_reading(t.name) AND t.step IN (
                SELECT h.to_step FROM derived.handoff AS h WHERE h.from_step IN (SELECT step FROM asked)))
    UNION ALL
    SELECT producer_step FROM derived.message WHERE producer_step IN (SELECT step FROM asked)
)
SELECT * FROM named ANTI JOIN (SELECT service, name FROM asked WHERE step IN (SELECT step FROM moved)) USING (service, name)
