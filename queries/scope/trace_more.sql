-- All traces of those values; and what is tied to them and belongs in part where another trace does.
INSERT INTO s_trace
SELECT DISTINCT trace_id, false FROM (
    SELECT k.trace_id FROM derived.key_tie AS k SEMI JOIN (SELECT vid FROM s_key WHERE NOT looked) AS v USING (vid)
    UNION ALL SELECT t.trace_id FROM s_tied AS t SEMI JOIN derived.open_trace AS o USING (trace_id)
    UNION ALL SELECT f.trace_id FROM s_fresh_key AS f SEMI JOIN (SELECT vid FROM s_key WHERE NOT looked) AS v USING (vid)
) WHERE trace_id NOT IN (SELECT trace_id FROM s_trace)
