UPDATE store.finding SET span_ids = span_ids
