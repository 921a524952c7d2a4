CREATE OR REPLACE VIEW owners AS
SELECT kind, name, namespace, team, source, rule, losers FROM derived.owner
