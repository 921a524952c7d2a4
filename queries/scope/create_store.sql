CREATE SCHEMA overlay.store
