-- Lower 95% confidence bound (one-sided, z = 1.645) of a probability of which k of n were seen:
-- E. B. Wilson, Probable inference, JASA 22 (1927).
CREATE OR REPLACE MACRO wilson_lower(k, n) AS
    (k / n + 1.353 / n - 1.645 * sqrt((k / n * (1 - k / n) + 0.6765 / n) / n)) / (1 + 2.706 / n)
