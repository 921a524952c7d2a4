-- Where those that have their successor do not tell whether work without it is a way of its own: all of them.
CREATE OR REPLACE TEMP TABLE b_wanted AS
SELECT * FROM b_before SEMI JOIN derived.variant USING (wf, from_st, to_st)
