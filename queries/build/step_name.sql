-- Names with ids taken out (is_id), so that /orders/4711 and /orders/4712 are one step (design section 6). Of distinct
-- names only. A name falls into parts at its punctuation, but for what a dot or a colon is within: an e-mail address, a date
-- with its time, an IP address, the number of a version or of a message's kind (v1.2, pacs.008).
CREATE OR REPLACE TEMP TABLE b_name AS
WITH found AS (SELECT DISTINCT name FROM store.span),
-- Before it falls into parts, what brokers made up: they have rules of their own.
known AS (
    SELECT name, known_as(regexp_replace(
        regexp_replace(name, '(/[^ ?#]*)[?#][^ ]*', '\1'),
        '(^|[/ :#=,])[A-Za-z]+[-_][0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}', '\1{id}', 'g')) AS known
    FROM found
),
fallen AS (
    SELECT name, known, regexp_extract_all(known,
        '[^] /:#=,()[''"|;@]+@[^] /:#=,()[''"|;@]+[.][a-z]+|[0-9]{4}-[01][0-9]-[0-3][0-9][T_ ][0-9]{2}:[0-9:.]+(?:Z|[+-][0-9:]+)?|'
        '[0-9]+(?:[.][0-9]+)+\b|[.][0-9]{1,3}\b|[] /:#=,()[''"|;.]|[^] /:#=,()[''"|;.]+') AS parts
    FROM known
)
SELECT name, coalesce(list_aggregate(list_transform(parts, lambda p: CASE WHEN is_id(p) THEN '{id}' ELSE p END), 'string_agg', ''), known) AS step_name
FROM fallen
