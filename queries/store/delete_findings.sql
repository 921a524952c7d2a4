-- The findings about these executions, with what was remembered of them.
DELETE FROM store.finding WHERE execution IN (SELECT unnest($executions::VARCHAR[]))
