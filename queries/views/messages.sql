-- Messages, one row a message and consumer group; no group when nobody took it.
CREATE OR REPLACE VIEW messages AS
FROM messages_of((SELECT list(mid) FROM derived.message))
