DROP SCHEMA IF EXISTS tracemap_overlay.derived CASCADE
