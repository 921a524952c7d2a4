-- The values of keys on those traces, hubs left out: all traces of each are analysed anew.
CREATE OR REPLACE TEMP TABLE s_key (vid BIGINT, looked BOOLEAN)
