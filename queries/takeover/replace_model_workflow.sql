-- Of workflows that are new those of the part alone: what stands beside it is not begun as it seems to be there.
CREATE OR REPLACE TABLE derived.model_workflow AS
SELECT o.* FROM tracemap_overlay.derived.model_workflow AS o
WHERE o.wf IN (SELECT wf FROM derived.model_workflow)
    OR o.wf IN (SELECT e.wf FROM tracemap_overlay.derived.execution AS e SEMI JOIN s_eid USING (eid))
