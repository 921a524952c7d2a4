-- Saved reconciliation reports. window_from_ns is null for a report since the beginning; `content`
-- is the report as JSON (docs/reconcile.md), which the next report compares itself with.
CREATE TABLE store.report (
    report_id BIGINT NOT NULL, created_ns BIGINT NOT NULL, window_from_ns BIGINT,
    window_to_ns BIGINT NOT NULL, executions BIGINT NOT NULL, accounted BIGINT NOT NULL,
    content JSON NOT NULL
)
