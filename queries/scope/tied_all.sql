-- Everything that was tied so far, open or not.
INSERT INTO s_tied_all SELECT trace_id FROM s_tied
