-- Whether a step's name says that it takes something back. A DELETE of a path does; of a table it may be housekeeping.
CREATE OR REPLACE MACRO is_undoing(name) AS regexp_matches(lower(name),
    'refund|compensat|cancel|revers|revert|undo|roll[-_ ]?back|(^|[^a-z])void|releas|unreserve|restock|charge[-_ ]?back|^delete /')
