-- What is a hub in the whole store is one in each of its partitions.
UPDATE derived.identity SET hub = true WHERE vid IN (SELECT vid FROM derived.hub)
