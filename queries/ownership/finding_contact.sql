-- How whoever is told of a finding is reached: the contacts of the thing that it goes to, where that
-- one's team is the one told; at most 20.
-- needs: derived.finding_raw
CREATE OR REPLACE TABLE derived.finding_contact AS
WITH reached AS (
    SELECT DISTINCT f.fingerprint, c.type, c.value, c.title, c.about, c.source, c.rank
    FROM derived.finding_raw AS f
    JOIN derived.owner AS o
        ON o.kind = f.owner_kind AND o.name = f.owner_name AND o.team IS NOT DISTINCT FROM f.team
        AND (f.owner_namespace IS NULL OR o.namespace IS NOT DISTINCT FROM f.owner_namespace)
    JOIN derived.owner_contact AS c
        ON c.kind = o.kind AND c.name = o.name AND c.namespace IS NOT DISTINCT FROM o.namespace
)
SELECT
    fingerprint,
    list({'type': type, 'value': value, 'title': title, 'of': about, 'source': source}
        ORDER BY list_position(['channel', 'pager', 'email', 'runbook', 'link'], type),
            rank, source, value)[:20] AS contacts
FROM reached GROUP BY fingerprint
