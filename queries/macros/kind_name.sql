CREATE OR REPLACE MACRO kind_name(kind) AS
    coalesce(['internal', 'server', 'client', 'producer', 'consumer'][kind], 'unspecified')
