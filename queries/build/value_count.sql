-- How many values candidates have, on all spans together.
SELECT coalesce(sum(s.spans * c.candidates), 0)::BIGINT
FROM (SELECT shape_id, count(*) AS spans FROM store.span GROUP BY shape_id) AS s
JOIN (SELECT shape_id, count(*) AS candidates FROM b_candidate GROUP BY shape_id) AS c USING (shape_id)
