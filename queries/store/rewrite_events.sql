-- Writes the rows anew that stood near deleted ones (a list is never changed in place), so that nothing
-- is left of those in the blocks they were in.
UPDATE store.event SET vals = vals
WHERE rowid // 122880 IN (SELECT bucket FROM victim_place WHERE part = 'event')
