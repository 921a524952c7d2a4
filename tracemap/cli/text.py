"""Words for people: cleaned text, ages, durations, counts, shortened ids.

Whatever comes out of telemetry was written by others. ``clean`` stands between it and a terminal:
no control character, no escape sequence, no character that reorders the line reaches the screen.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from typing import Final

#: Control characters (C0, DEL, C1), line and paragraph separators, and everything that changes the
#: direction or visibility of text around it.
_HOSTILE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: No cleaned text has it.
_FILLER: Final = "\0"
#: Whole escape sequences go, not only the byte that starts them: "[31m" alone is noise.
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_HEX: Final = re.compile(r"[0-9a-f]{16,}")

SECOND: Final = 10**9
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def clean(text: object) -> str:
    """``text`` as one harmless line."""
    line = str(text)
    if line.isascii() and line.isprintable():
        return line
    line = _ESCAPES.sub("", line)
    line = re.sub(r"[\t\r\n]+", " ", line)
    return _HOSTILE.sub("", line)


def escape_json(text: str) -> str:
    r"""JSON text with what a terminal would act on written as ``\uXXXX``; the value is the same."""

    def escaped(match: re.Match[str]) -> str:
        code = ord(match[0])
        if code > 0xFFFF:
            code -= 0x10000
            return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
        return f"\\u{code:04x}"

    return text if text.isascii() else _HOSTILE_BUT_LINES.sub(escaped, text)


#: Newlines and tabs between JSON values are ours; inside of texts JSON has escaped them already.
_HOSTILE_BUT_LINES: Final = re.compile(_HOSTILE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def age(moment: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago: ``12 min ago``, ``just now``, ``in 3 min`` for clocks that run ahead."""
    if moment is None:
        return "-"
    seconds = (now - moment).total_seconds()
    if seconds < -1:
        return f"in {span(-seconds)}"
    return "just now" if seconds < 2 else f"{span(seconds)} ago"


def lasting(since: dt.datetime | None, until: dt.datetime) -> str:
    """For how long: ``12 min``."""
    return "-" if since is None else span(max(0.0, (until - since).total_seconds()))


def span(seconds: float) -> str:
    """A stretch of time in the unit that says most: ``42 s``, ``12 min``, ``3 h``, ``2 d``."""
    for limit, size, unit in (
        (120, 1, "s"),
        (120 * 60, 60, "min"),
        (48 * 3600, 3600, "h"),
        (60 * 86400, 86400, "d"),
        (730 * 86400, 30 * 86400, "months"),
    ):
        if seconds < limit:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds // (365 * 86400))} years"


def duration(ns: float | None) -> str:
    """A measured duration with two or three digits: ``340 ms``, ``1.2 s``, ``4 min 5 s``."""
    if ns is None:
        return "-"
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns >= 120 * SECOND:
        minutes, rest = divmod(int(ns // SECOND), 60)
        if minutes < 120:
            return f"{sign}{minutes} min {rest} s"
        if minutes < 48 * 60:
            return f"{sign}{minutes // 60} h {minutes % 60} min"
        return f"{sign}{minutes // 1440} d {minutes // 60 % 24} h"
    for size, unit in ((SECOND, "s"), (10**6, "ms"), (10**3, "us")):
        if ns >= size:
            value = ns / size
            return f"{sign}{value:.0f} {unit}" if value >= 10 else f"{sign}{value:.1f} {unit}"
    return f"{sign}{int(ns)} ns"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 finding``, ``2 findings``, ``12,345 findings``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: int | None) -> str | None:
    """``12,345``; null for what was not counted."""
    return None if value is None else f"{value:,}"


def percent(share: float) -> str:
    """A share of 1 as ``97%``; never rounded up to a round 100%, nor down to 0%."""
    rounded = f"{share * 100:.0f}"
    if (rounded == "100" and share < 1) or (rounded == "0" and share > 0):
        return f"{share * 100:.3g}%" if share < 0.005 else f"{int(share * 1000) / 10}%"
    return f"{rounded}%"


def short_id(text: str | None) -> str:
    """An id as people compare it: hex longer than 12 is cut; names are left as they are."""
    if text is None:
        return "-"
    return _HEX.sub(lambda m: m[0][:12] if len(m[0]) > 16 else m[0][:8], clean(text))


def at(moment: dt.datetime | None) -> str:
    """A moment as people read it, to the second, in UTC."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def utc_now() -> dt.datetime:
    """Now, as the naive UTC datetime that frames hold."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def paragraph(text: str, width: int, indent: str = "  ", first: str | None = None) -> str:
    """``text`` in lines of at most ``width`` (and 100) cells, each begun with ``indent``."""
    from rich.cells import cell_len

    # What takes two cells counts as two characters while lines are filled.
    padded = "".join(c + _FILLER * (cell_len(c) - 1) for c in clean(text))
    filled = textwrap.fill(
        padded,
        width=max(20, min(width, 100)),
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_FILLER, "")
