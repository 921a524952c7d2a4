-- Which services start workflows of which names.
CREATE OR REPLACE TABLE derived.workflow_start AS SELECT DISTINCT name, service FROM b_named
