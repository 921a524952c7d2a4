-- The traces whose executions are analysed anew, and which of them were not yet looked at for ties.
CREATE OR REPLACE TEMP TABLE s_trace (trace_id UUID, looked BOOLEAN)
