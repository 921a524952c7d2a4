-- Which set of identities each span belongs to; equal sets are equal numbers.
CREATE OR REPLACE TABLE derived.span_set AS SELECT sid, kset, reason, via FROM b_member
