-- The identities whose every trace is analysed anew: their executions are replaced.
CREATE OR REPLACE TEMP TABLE s_inside AS
SELECT vid FROM s_key
UNION SELECT target FROM b_final AS f SEMI JOIN s_key USING (vid)
UNION
SELECT n.vid FROM b_component_name AS n JOIN b_component AS c USING (component)
GROUP BY n.vid HAVING bool_and(c.trace_id IN (SELECT trace_id FROM s_trace))
