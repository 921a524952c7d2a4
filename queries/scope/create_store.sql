CREATE SCHEMA tracemap_overlay.store
