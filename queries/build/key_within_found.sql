-- Reused keys that may be whole within another attribute, by what both are called: an order's number within a tenant,
-- not a customer who comes again; found from the data where the user declared none. What each is worth is then counted
-- of its values within it (design section 5.1).
CREATE OR REPLACE TEMP TABLE b_key_within AS
WITH party AS (
    SELECT *, trim(regexp_replace(lower(regexp_replace(attribute, '([a-z0-9])([A-Z])', '\1_\2', 'g')), '[^a-z0-9]+', '_', 'g'), '_') AS words
    FROM b_key_per
)
SELECT (row_number() OVER (ORDER BY name))::INTEGER AS rank, [attribute] AS per,
    list_append(coalesce((SELECT list(f.name ORDER BY f.name) FROM b_key_family AS f WHERE f.main = p.name), []), name) AS spellings, name
FROM party AS p SEMI JOIN b_key_statistics AS k ON k.name = p.name AND k.barred IS NULL AND NOT k.enduring AND NOT k.technical
WHERE (SELECT count(*) FROM b_user_key) = 0
    AND regexp_matches(words, '(^|_)(tenant|organi[sz]ation|org|company|workspace|realm|market|brand|store|shop|branch|site|region|country|merchant|vendor|seller|account|environment|env)s?(_?(id|ids|no|nr|num|number|key|uuid|guid|ref|reference|code|name|slug))?$')
