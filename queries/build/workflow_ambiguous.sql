-- Names under which more than one service starts workflows: there the service is part of the name.
CREATE OR REPLACE TABLE derived.workflow_ambiguous AS
SELECT name FROM derived.workflow_start GROUP BY name HAVING count(*) > 1
