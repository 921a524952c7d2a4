-- needs: b_attempt
UPDATE derived.step AS s SET attempt = a.attempt, last_attempt = a.last_attempt
FROM b_attempt AS a WHERE a.step = s.step AND (a.attempt > 1 OR NOT a.last_attempt)
