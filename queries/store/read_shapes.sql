SELECT shape_id, keys, types FROM store.shape ORDER BY shape_id
