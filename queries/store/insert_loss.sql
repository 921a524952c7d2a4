INSERT INTO store.loss VALUES ($found_ns, $batch_id, $total, $batches, $spans, $set_aside, $what)
