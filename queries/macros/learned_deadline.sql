-- 10 times the 99th percentile, at least a second (design section 8) and ten years at most: a clock in another century
-- makes nothing overflow.
CREATE OR REPLACE MACRO learned_deadline(p99_ns) AS greatest(10 * least(p99_ns, 31536000000000000), 1000000000)
