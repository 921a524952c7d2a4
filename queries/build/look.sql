-- Looks: requests from outside that only read (derived.reading). They are in the execution, and move nothing: nothing
-- follows from them, nobody owes them, and one that fails fails no order. Not where an execution begins: there it is what
-- was asked for.
-- needs: derived.reading
CREATE OR REPLACE TEMP TABLE b_look AS
SELECT t.step
FROM (SELECT step, service, name FROM derived.step WHERE kind = 2 AND caller IS NULL) AS t
SEMI JOIN derived.reading AS r ON r.service = t.service AND r.name = t.name
WHERE t.step NOT IN (SELECT first_step FROM b_execution)
