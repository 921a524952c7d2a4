-- Where teams can be reached, as declared.
SELECT name, min(channel) AS channel, min(runbook) AS runbook FROM store.team GROUP BY name ORDER BY name
