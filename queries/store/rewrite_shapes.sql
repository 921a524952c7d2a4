UPDATE store.shape SET keys = keys
