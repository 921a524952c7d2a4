CREATE SCHEMA overlay.derived
