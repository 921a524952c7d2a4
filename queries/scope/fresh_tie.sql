CREATE OR REPLACE TEMP TABLE s_fresh_tie AS SELECT tie, trace_id FROM derived.message_tie
