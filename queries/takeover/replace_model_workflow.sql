CREATE OR REPLACE TABLE derived.model_workflow AS SELECT * FROM overlay.derived.model_workflow
