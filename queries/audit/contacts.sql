-- What catalogs say of a thing itself, beside its team: pagers, runbooks, links.
SELECT DISTINCT kind, name, namespace, type, value, title
FROM derived.owner_contact
WHERE about != 'team'
ORDER BY kind, name, namespace, list_position(['channel', 'pager', 'email', 'runbook', 'link'], type), value, title
