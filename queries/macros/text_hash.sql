-- A number for a text: two texts have one only by chance (2^-64). DuckDB's own hash does not: it takes eight bytes at a
-- time and mixes them upwards only, so that what differs late in one eight may be undone late in the next, as in
-- '20250102-0000002' and '20250105-0000009'. Read again four bytes further on, such differences stand early.
CREATE OR REPLACE MACRO text_hash(t) AS hash(t, '....' || t)
