INSERT INTO derived.owner BY NAME
SELECT 'workflow' AS kind, name, team, 'started by ' || service AS source, 'started-by' AS rule, '[]'::JSON AS losers
FROM s_new_workflow
