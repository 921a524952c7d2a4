INSERT INTO store.report BY NAME
SELECT
    $report_id AS report_id, $created_ns AS created_ns, $from_ns AS window_from_ns,
    $to_ns AS window_to_ns, $executions AS executions, $accounted AS accounted,
    $content::JSON AS content
