-- 10 times the 99th percentile, at least a second (design section 8); a clock in another century
-- is cut to ten years, so that nothing overflows.
CREATE MACRO learned_deadline(p99_ns) AS greatest(10 * least(p99_ns, 315360000000000000), 1000000000)
