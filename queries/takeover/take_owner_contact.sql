INSERT INTO derived.owner_contact BY NAME
SELECT 'workflow' AS kind, n.name, c.* EXCLUDE (kind, name, namespace)
FROM s_new_workflow AS n JOIN derived.owner_contact AS c ON c.kind = 'service' AND c.name = n.service AND c.about = 'team'
