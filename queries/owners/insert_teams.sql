INSERT INTO store.team BY NAME SELECT * FROM incoming_teams
