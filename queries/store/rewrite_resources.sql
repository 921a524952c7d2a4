UPDATE store.resource SET vals = vals
