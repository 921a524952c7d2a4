CREATE OR REPLACE TEMP TABLE s_tied_all (trace_id UUID)
