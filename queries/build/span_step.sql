-- The step of every span.
CREATE OR REPLACE TABLE derived.span_step AS SELECT sid, near AS step FROM b_near
