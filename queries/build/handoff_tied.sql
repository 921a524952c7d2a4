-- needs: b_tie
UPDATE derived.handoff AS h SET how = t.how
FROM b_tie AS t WHERE h.type = 'correlation' AND t.eid = h.eid AND t.from_step = h.from_step AND t.to_step = h.to_step
