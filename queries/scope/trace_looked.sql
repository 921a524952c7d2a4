UPDATE s_trace SET looked = true WHERE NOT looked
