UPDATE s_key SET looked = true WHERE NOT looked
