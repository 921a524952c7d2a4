-- The workflow of each execution: its start step. An execution whose head was lost starts in the
-- middle; when its start is usually a later step of one other workflow, it belongs to that.
CREATE OR REPLACE TEMP TABLE b_workflow AS
SELECT eid, service,
    CASE WHEN name IN (SELECT name FROM derived.workflow_ambiguous) THEN service || ' ' || name ELSE name END AS workflow
FROM b_named
