-- Findings, the worst first. $status: open (new and ongoing), all, or statuses set apart by commas;
-- $severity: at least this one.
SELECT *
FROM findings
WHERE CASE $status
        WHEN 'all' THEN true
        WHEN 'open' THEN status IN ('new', 'ongoing')
        ELSE list_contains(string_split($status, ','), status)
      END
  AND ($family IS NULL OR list_contains(string_split($family, ','), family))
  AND ($rule IS NULL OR list_contains(string_split(upper($rule), ','), rule))
  AND ($team IS NULL OR list_contains(string_split($team, ','), coalesce(team, 'unowned')))
  AND ($severity IS NULL OR list_position(['critical', 'high', 'medium', 'low', 'info'], severity)
        <= list_position(['critical', 'high', 'medium', 'low', 'info'], $severity))
  AND ($since_ns IS NULL OR last_seen >= make_timestamp_ns($since_ns::BIGINT))
  AND ($execution IS NULL OR execution = $execution)
  AND ($workflow IS NULL OR workflow = $workflow)
  AND ($service IS NULL OR service = $service)
  AND ($id IS NULL OR starts_with(id, lower($id)))
ORDER BY
    list_position(['critical', 'high', 'medium', 'low', 'info'], severity),
    first_seen, rule, id
LIMIT $limit
