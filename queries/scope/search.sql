SET search_path = $path
