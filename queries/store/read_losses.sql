SELECT found_ns, batches, records, set_aside, what FROM store.loss ORDER BY found_ns
