INSERT INTO derived.workflow_start BY NAME SELECT name, service FROM s_new_start
