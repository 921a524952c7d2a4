-- With it gone, the next analysis builds everything anew.
DROP TABLE IF EXISTS derived.analysis
