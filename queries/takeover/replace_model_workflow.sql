CREATE OR REPLACE TABLE derived.model_workflow AS SELECT * FROM tracemap_overlay.derived.model_workflow
