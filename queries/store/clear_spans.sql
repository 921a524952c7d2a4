DELETE FROM store.packed_span WHERE rowid // 122880 IN (SELECT bucket FROM victim_place WHERE part = 'span')
