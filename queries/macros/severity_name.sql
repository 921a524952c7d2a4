-- SeverityNumber of logs.proto as text: four steps of each of six, the first without a number.
CREATE OR REPLACE MACRO severity_name(n) AS CASE WHEN n BETWEEN 1 AND 24 THEN
    ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][(n::INTEGER - 1) // 4 + 1]
    || CASE WHEN (n::INTEGER - 1) % 4 > 0 THEN ((n::INTEGER - 1) % 4 + 1)::VARCHAR ELSE '' END
END
