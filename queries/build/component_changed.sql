SELECT count(*) FROM b_component_next AS n JOIN b_component AS c USING (trace_id) WHERE n.component != c.component
