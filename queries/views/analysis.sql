CREATE OR REPLACE VIEW analysis AS
SELECT utc(built_ns) AS analysed_at, utc(horizon_ns) AS horizon, live, spans, traces, executions, accounted, findings
FROM derived.analysis
