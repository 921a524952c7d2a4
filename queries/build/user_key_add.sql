INSERT INTO b_user_key VALUES ($name, $aliases, $per, $rank)
