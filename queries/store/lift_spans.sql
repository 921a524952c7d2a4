-- The spans that are still there near deleted ones, to be written anew.
CREATE OR REPLACE TEMP TABLE lifted AS SELECT * FROM store.packed_span
WHERE rowid // 122880 IN (SELECT bucket FROM victim_place WHERE part = 'span')
