-- What a try that failed published once more: its own message, to where it took it from (Celery's tasks). Such messages are
-- tries at one piece of work: that of the first of them. due_ns: not before then is the next one to be taken, where the
-- failed try says so.
-- needs: derived.reception
CREATE OR REPLACE TEMP TABLE b_put_off AS
WITH again AS (
    SELECT m.mid, r.mid AS before, text_hash(m.message_id) AS name, t.due_ns
    FROM derived.reception AS r
    JOIN b_taker AS t USING (sid)
    JOIN derived.message AS m ON m.producer_step = r.step AND m.message_id = t.message_id
    WHERE m.mid != r.mid AND r.destination IS NOT DISTINCT FROM m.destination
),
tried AS (
    SELECT mid, name, true AS put_off, due_ns FROM again UNION ALL SELECT before, name, false, NULL FROM again
)
SELECT mid, min(mid) OVER (PARTITION BY min(name)) AS piece, bool_or(put_off) AS put_off, max(due_ns) AS due_ns
FROM tried GROUP BY mid
