-- The number of an identity: one value of one key. By MD5, for two orders with one number were one order.
CREATE OR REPLACE MACRO value_id(key, value) AS (md5_number(key || chr(0) || value) >> 65)::BIGINT
