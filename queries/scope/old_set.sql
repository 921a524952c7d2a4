CREATE OR REPLACE TEMP TABLE s_old_set AS
SELECT i.kset, i.vid FROM derived.set_identity AS i SEMI JOIN s_old USING (kset)
