-- Batches of which some link leads to what is not known yet.
-- needs: b_batch
CREATE OR REPLACE TEMP TABLE b_waiting AS
SELECT DISTINCT b.sid, b.trace_id
FROM b_batch AS b SEMI JOIN b_open AS o ON o.sid = b.sid SEMI JOIN b_open AS t ON t.sid = b.linked_sid
WHERE b.patient
