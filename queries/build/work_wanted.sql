-- Steps whose work is compared: those before a missing successor.
CREATE OR REPLACE TEMP TABLE b_wanted AS SELECT eid, wf, step, from_st, to_st FROM b_next_missing
