CREATE OR REPLACE VIEW executions AS
FROM executions_of((SELECT list(eid) FROM derived.execution))
