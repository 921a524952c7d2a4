-- Names with ids taken out, so that /orders/4711 and /orders/4712 are one step (design section 6).
-- Applied to distinct names only; twice, because neighbouring segments share their separator.
CREATE OR REPLACE TEMP TABLE b_name AS
WITH found AS (SELECT DISTINCT name FROM store.span),
once AS (
    SELECT name, regexp_replace(
        regexp_replace(name, '(/[^ ?#]*)[?#][^ ]*', '\1'),
        '(^|[/ :#=,])([0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-f]{16,}|[A-Za-z]+[-_][0-9]{2,})($|[/ :#=,])',
        '\1{id}\3', 'g') AS step_name
    FROM found
)
SELECT name, regexp_replace(
    step_name,
    '(^|[/ :#=,])([0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-f]{16,}|[A-Za-z]+[-_][0-9]{2,})($|[/ :#=,])',
    '\1{id}\3', 'g') AS step_name
FROM once
