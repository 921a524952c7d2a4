-- Traces read beside the part that belonged then where others did, though now they tell by themselves.
SELECT count(*) FROM a_opened
