-- Whether a step's name says that it takes something back.
CREATE MACRO is_undoing(name) AS regexp_matches(lower(name),
    'refund|compensat|cancel|revers|revert|undo|roll[-_ ]?back|(^|[^a-z])void|releas|unreserve|restock|charge[-_ ]?back')
