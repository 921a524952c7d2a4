-- Names with ids (numbers, UUIDs, ULIDs, hashes, e-mail addresses) taken out, so that /orders/4711 and /orders/4712 are one step (design section 6).
-- Applied to distinct names only; twice, because neighbouring segments share their separator.
CREATE OR REPLACE TEMP TABLE b_name AS
WITH found AS (SELECT DISTINCT name FROM store.span),
once AS (
    SELECT name, regexp_replace(
        regexp_replace(name, '(/[^ ?#]*)[?#][^ ]*', '\1'),
        '(^|[/ :#=,])([0-9]+|([A-Za-z]+[-_])?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-f]{8,}|[0-9A-F]{8,}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[A-Za-z]+[-_][0-9]{2,}|[a-z]{2,6}_[0-9A-Za-z]{14,}|[^/ :#=,@]+@[^/ :#=,@]+[.][a-z]+)($|[/ :#=,])',
        '\1{id}\4', 'g') AS step_name
    FROM found
)
SELECT name, known_as(regexp_replace(
    step_name,
    '(^|[/ :#=,])([0-9]+|([A-Za-z]+[-_])?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-f]{8,}|[0-9A-F]{8,}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[A-Za-z]+[-_][0-9]{2,}|[a-z]{2,6}_[0-9A-Za-z]{14,}|[^/ :#=,@]+@[^/ :#=,@]+[.][a-z]+)($|[/ :#=,])',
    '\1{id}\4', 'g')) AS step_name
FROM once
