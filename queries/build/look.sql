-- Looks: requests from outside that only read, as of a customer who asks how the order stands. They are in the
-- execution, and move nothing: nothing follows from them, nobody owes them, and one that fails fails no order. Not
-- where an execution begins: there it is what was asked for.
CREATE OR REPLACE TEMP TABLE b_look AS
WITH asked AS (SELECT step, name FROM derived.step WHERE kind = 2 AND caller IS NULL),
reading AS (
    SELECT name FROM (SELECT DISTINCT name FROM asked)
    WHERE regexp_matches(name, '^(GET|HEAD|OPTIONS)( |$)|(^|[/.])(Get|List|Search|Query|Find|Read|Describe)[A-Z][^/]*$')
)
SELECT a.step FROM asked AS a SEMI JOIN reading USING (name) WHERE a.step NOT IN (SELECT first_step FROM b_execution)
