-- Per identity, the steps that nothing of the same identity called or sent to: where it starts, or goes
-- on in another trace that only the key ties to it. The earliest is the start of its workflow.
CREATE OR REPLACE TEMP TABLE b_head AS
SELECT si.vid, t.step, t.trace_id, t.service, t.name, t.span_id, t.start_ns, t.end_ns, t.failed
FROM b_step_identity AS si
JOIN derived.step AS t USING (step)
LEFT JOIN b_step_identity AS ci ON ci.vid = si.vid AND ci.step = t.caller
WHERE ci.step IS NULL AND NOT EXISTS (
        SELECT 1 FROM b_cause AS b JOIN b_step_identity AS bi ON bi.step = b.cause
        WHERE b.step = si.step AND bi.vid = si.vid)
