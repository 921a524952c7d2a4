INSERT INTO b_found BY NAME
SELECT $rule AS rule, $family AS family, $severity AS severity, * REPLACE (evidence::JSON AS evidence) FROM incoming_found
