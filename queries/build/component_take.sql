CREATE OR REPLACE TEMP TABLE b_component AS
SELECT c.trace_id, h.heard AS component FROM b_component AS c JOIN b_heard AS h USING (component)
