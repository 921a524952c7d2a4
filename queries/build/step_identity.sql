-- Which identities each step belongs to.
CREATE OR REPLACE TEMP TABLE b_step_identity AS
SELECT t.step, i.vid FROM derived.step AS t JOIN derived.set_identity AS i USING (kset)
