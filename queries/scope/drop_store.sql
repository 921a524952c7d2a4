DROP SCHEMA IF EXISTS tracemap_overlay.store CASCADE
