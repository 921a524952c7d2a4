-- A shape and its values as one JSON object; a later duplicate of a key wins, as in OTLP's own maps.
-- Types: 0 empty, 1 string, 2 bool, 3 int, 4 double, 5 array, 6 kvlist, 7 bytes, 8 nested OTLP JSON.
CREATE OR REPLACE MACRO attribute_json(keys, types, vals) AS (
    '{' || array_to_string(
        list_transform(
            list_zip(keys, types, vals),
            lambda a: to_json(a[1])::VARCHAR || ':' || CASE
                WHEN a[2] IN (2, 3, 5, 6, 8) THEN a[3]
                WHEN a[2] = 4 AND a[3] NOT IN ('NaN', 'Infinity', '-Infinity') THEN a[3]
                WHEN a[2] = 0 THEN 'null'
                ELSE to_json(a[3])::VARCHAR
            END
        ), ',') || '}'
)::JSON
