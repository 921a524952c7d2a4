UPDATE store.scope SET vals = vals
