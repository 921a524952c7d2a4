-- From here on no statement can change the configuration back.
SET lock_configuration = true
