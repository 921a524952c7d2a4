-- Those of them that the last statements gave none.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_open AS
SELECT o.sid, o.psid, o.trace_id FROM b_open AS o ANTI JOIN derived.span_set AS m ON m.sid = o.sid
