INSERT INTO store.batch VALUES ($batch_id, $source_id, $received_ns, $spans, $links, $events, $total)
