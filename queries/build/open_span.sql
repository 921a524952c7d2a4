-- Spans without a membership so far.
CREATE OR REPLACE TEMP TABLE b_open AS
SELECT s.sid, s.psid, s.trace_id FROM derived.span AS s ANTI JOIN derived.span_set AS m ON m.sid = s.sid
