-- No span is new: all that is stored has been analysed.
CREATE OR REPLACE TEMP TABLE s_fresh_key (vid BIGINT, trace_id UUID)
