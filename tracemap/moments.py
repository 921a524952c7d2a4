"""Moments as people write them, and as nanoseconds since the Unix epoch."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from tracemap.errors import InputError

#: A moment: a datetime (naive means UTC), RFC 3339 text (or as tracemap prints it, with UTC for Z),
#: or nanoseconds since the Unix epoch.
Moment = dt.datetime | str | int

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?)?\s*([Zz]|UTC|[+-]\d\d:?\d\d)?"
)

_OF_DAY: Final = re.compile(r"(\d\d?:\d\d)(:\d\d)?(\.\d{1,9})?\s*(?:[Zz]|UTC)?")
_DAY: Final = 86_400 * 10**9


def last_ns(text: str, now_ns: int) -> int | None:
    """The last time before ``now_ns`` that it was ``14:05`` (or ``14:05:10.25``) in UTC.

    None for text that is no time of day.
    """
    match = _OF_DAY.fullmatch(text.strip())
    if match is None:
        return None
    minute, second, fraction = match.groups()
    try:
        since_midnight = to_ns(f"1970-01-01T{minute:0>5}{second or ':00'}{fraction or ''}Z")
    except InputError:
        return None
    assert since_midnight is not None
    found = now_ns - now_ns % _DAY + since_midnight
    return found if found <= now_ns else found - _DAY


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
        zone = "+00:00" if zone in (None, "Z", "z", "UTC") else zone
        stamp = dt.datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}{zone}")
    except ValueError:
        raise InputError(
            f"{moment!r} is not a time", do="write it as 2026-01-31T14:05:00Z"
        ) from None
    nanos = int((fraction or ".0")[1:].ljust(9, "0"))
    base = to_ns(stamp)
    assert base is not None
    return base + nanos
