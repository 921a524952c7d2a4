-- The keys that the user declared; filled one by one.
CREATE OR REPLACE TEMP TABLE b_user_key (name VARCHAR, aliases VARCHAR[], per VARCHAR[], rank INTEGER)
