-- Values of keys that join more traces than one execution can have.
CREATE OR REPLACE TABLE derived.hub AS SELECT vid FROM derived.identity WHERE hub
