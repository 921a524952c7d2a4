SELECT found_ns, batches, spans, set_aside, what FROM store.loss ORDER BY found_ns
