-- Names of workflows that one service started so far and another one does now: from now on the service is part of the
-- name, of what is not analysed anew as well.
SELECT count(*) FROM s_new_start
WHERE name IN (SELECT name FROM derived.workflow_start) AND name NOT IN (SELECT name FROM derived.workflow_ambiguous)
