"""Moments as people write them, and as nanoseconds since the Unix epoch."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from tracemap.errors import InputError

#: A moment: a datetime (naive means UTC), RFC 3339 text, or nanoseconds since the Unix epoch.
Moment = dt.datetime | str | int

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?)?\s*([Zz]|[+-]\d\d:?\d\d)?"
)


def to_ns(moment: Moment | None) -> int | None:
    """Nanoseconds since the Unix epoch, exact. Raises InputError for text that is no time."""
    if moment is None or isinstance(moment, int):
        return moment
    if isinstance(moment, dt.datetime):
        utc = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
        whole = utc - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return (whole.days * 86_400 + whole.seconds) * 10**9 + whole.microseconds * 1000
    match = _RFC3339.fullmatch(moment.strip())
    try:
        if match is None:
            raise ValueError(moment)
        day, minute, second, fraction, zone = match.groups()
        zone = "+00:00" if zone in (None, "Z", "z") else zone
        stamp = dt.datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}{zone}")
    except ValueError:
        raise InputError(
            f"{moment!r} is not a time", do="write it as 2026-01-31T14:05:00Z"
        ) from None
    nanos = int((fraction or ".0")[1:].ljust(9, "0"))
    base = to_ns(stamp)
    assert base is not None
    return base + nanos
