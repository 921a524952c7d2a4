-- A clock's nanoseconds since the Unix epoch, as far as can be reckoned with: what says it is after the year 2100 is taken
-- for its first moment. So the sum of two differences of clocks fits into 64 bits, and a deadline can be added.
CREATE MACRO clock(ns) AS least(ns, 4102444800000000000)::BIGINT
