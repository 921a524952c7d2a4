INSERT INTO store.loss VALUES ($found_ns, $batch_id, $total, $batches, $records, $set_aside, $what)
