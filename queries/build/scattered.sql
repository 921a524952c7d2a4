-- Whether a long text is made of so many short words and numbers that chance made it: a word is what a capital begins
-- (first), where capitals in a row are none (second). Of small letters and digits, three numbers tell so; where there
-- are dashes, more is asked, for people write several words and numbers so.
CREATE OR REPLACE TEMP MACRO scattered(given) AS CASE
    WHEN NOT regexp_matches(given, '[0-9]') THEN false
    WHEN regexp_full_match(given, '[0-9a-z]+') THEN len(regexp_extract_all(given, '[0-9]+')) >= 3
    WHEN NOT regexp_full_match(given, '[0-9A-Za-z_-]+') THEN false
    ELSE len(regexp_extract_all(given, '[A-Z]*[a-z]+|[A-Z]+|[0-9]+')) >= 0.3 * strlen(given)
        AND len(regexp_extract_all(given, '[A-Z]?[a-z]+|[A-Z]|[0-9]+'))
            >= CASE WHEN regexp_matches(given, '[_-]') THEN 0.5 ELSE 0.4 END * strlen(given) END
