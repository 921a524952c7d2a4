CREATE OR REPLACE TEMP TABLE b_component AS SELECT * FROM b_component_next
