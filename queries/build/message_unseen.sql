-- What turned out to be a message that was seen published was none of an unseen producer.
DELETE FROM derived.message WHERE mid < 0 AND mid NOT IN (SELECT mid FROM derived.reception)
