CREATE OR REPLACE VIEW analysis AS
SELECT utc(built_ns) AS analysed_at, utc(horizon_ns) AS horizon, live, spans, traces, set_aside, executions, accounted, findings
FROM derived.analysis
