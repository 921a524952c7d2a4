-- Whether a part of a name was made for one thing, as no kind of things is called: a number; a date; an address of a
-- person or a machine; a ULID or a hash, with a word before it or not; order-4711, INV-2025-0001, ORD000123; Stripe's
-- pi_..., not a function's send_confirmation; and what looks random (KSUIDs, nano ids, cuids: nineteen of twenty).
CREATE OR REPLACE TEMP MACRO is_id(part) AS regexp_full_match(part,
    '[0-9]+|[0-9]{2,}(?:[-_][0-9]{2,})+|[0-9]{4}-[01][0-9]-[0-3][0-9][T_ ][0-9].*|[0-9]{1,3}(?:[.][0-9]{1,3}){3}|.+@.+[.][a-z]+|'
    '(?:[A-Za-z]+[-_])?(?:[0-9a-f]{8,}|[0-9A-F]{8,}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25})|'
    '[A-Za-z]+(?:[-_][0-9]{2,})+|(?:[A-Za-z]+[-_])+[0-9]{5,}|[A-Za-z]{1,8}[0-9]{6,}')
    OR regexp_full_match(part, '[a-z]{2,6}_[0-9A-Za-z]{14,}') AND regexp_matches(part, '_.*[0-9A-Z]')
    OR strlen(part) >= 20 AND scattered(part)
