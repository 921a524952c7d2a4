-- The last analysis: when, up to which moment, over how much.
SELECT * FROM analysis
