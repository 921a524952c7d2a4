-- How many traces that did something in the window were probes or polls, and so no executions.
SELECT count(*) FROM derived.set_aside JOIN derived.trace USING (trace_id)
WHERE start_ns < $to_ns AND ($from_ns IS NULL OR end_ns >= $from_ns)
