"""Rows on their way out: Arrow as DuckDB gave it, read as Python values or as JSON.

One place, so that an answer is the same whether a server sent it or this process read it, and JSON
is the same whoever prints it: absent is null, times RFC 3339 in UTC, ids as the views give them.

Arrow is read with nanoarrow: loading pyarrow or polars takes longer than most answers do. Who wants
those hands a ``Rows`` to them (``tracemap.arrow``, ``tracemap.frames``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Self

import nanoarrow as na
from nanoarrow.c_array_stream import CArrayStream
from nanoarrow.ipc import InputStream

from tracemap.errors import InputError, ServerError

#: Columns of the views that hold JSON text; in JSON output they are objects, not text.
JSON_COLUMNS: Final = frozenset({"attributes", "resource", "evidence", "losers"})

#: Types by their letters in the Arrow C data interface.
_NUMBERS: Final = frozenset("cCsSiIlLefgd")
_TEXTS: Final = frozenset("uUn")
_UNITS: Final = {"s": 10**9, "m": 10**6, "u": 10**3, "n": 1}
_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - TIMESTAMP holds naive UTC
#: How DuckDB writes an infinite moment, or day: the greatest number of its type.
_ENDLESS: Final = {2**63 - 1: "infinity", 1 - 2**63: "-infinity"}
_ENDLESS_DAY: Final = {2**31 - 1: "infinity", 1 - 2**31: "-infinity"}
#: Digits for every decimal there is.
_EXACT: Final = Context(prec=80)
_DAY_NS: Final = 86_400 * 10**9
#: The Gregorian calendar repeats itself after so many years and days.
_CYCLE: Final = (400, 146_097)


class BrokenStreamError(Exception):
    """Rows that could not be read to the end: in the words of where they came from."""


class Rows:
    """The rows that a query returned, in columns. Anything that takes Arrow can take them."""

    def __init__(self, schema: Any, batches: Sequence[Any]) -> None:
        """Of nanoarrow's CSchema of a struct, and CArrays of it."""
        self.schema = schema
        self.batches = batches

    @classmethod
    def of(cls, source: Any) -> Self:
        """Read what has ``__arrow_c_stream__``. Raises BrokenStreamError where it breaks off."""
        try:
            with na.c_array_stream(source) as stream:
                return cls(stream.get_schema(), list(stream))
        except RuntimeError as error:  # nanoarrow's own, with the text of the source after a colon
            raise BrokenStreamError(str(error).partition("): ")[2] or str(error)) from error

    @classmethod
    def from_ipc(cls, body: bytes) -> Self:
        """Read an Arrow IPC stream (``tracemap.arrow.to_ipc``). Raises ServerError for others."""
        try:
            return cls.of(InputStream.from_readable(body))
        except (BrokenStreamError, ValueError) as error:
            raise ServerError(f"the server's answer is no Arrow stream: {error}") from error

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """The rows of several answers to one query, one after the other."""
        return cls(parts[0].schema, [batch for part in parts for batch in part.batches])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows through the Arrow PyCapsule interface; as often as they are asked for."""
        stream = CArrayStream.from_c_arrays(list(self.batches), self.schema)
        return stream.__arrow_c_stream__(requested_schema)

    @cached_property
    def height(self) -> int:
        """How many rows there are."""
        return sum(int(batch.length) for batch in self.batches)

    def is_empty(self) -> bool:
        """Whether there are none."""
        return self.height == 0

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns; of two with one name, the second has a number."""
        return distinct([child.name or "" for child in self.schema.children])

    @cached_property
    def numeric(self) -> list[bool]:
        """Whether each column holds numbers."""
        return [_letter(child) in _NUMBERS for child in self.schema.children]

    def column(self, name: str) -> list[Any]:
        """The values of one column, as ``to_dicts`` has them."""
        return self._column(self.columns.index(name), _PYTHON)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as Python values. Raises InputError for a type that has none.

        Enums are text, times naive UTC (to the microsecond), intervals text; a moment that no
        datetime can be is text as well.
        """
        return self._dicts([self._column(place, _PYTHON) for place in range(len(self.columns))])

    def records(self) -> list[dict[str, Any]]:
        """The rows as JSON values: the output contract of design section 11."""
        columns = []
        for place, name in enumerate(self.columns):
            values = self._column(place, _JSON)
            if name in JSON_COLUMNS and _is_text(self.schema.child(place)):
                values = [_parsed(value) for value in values]
            columns.append(values)
        return self._dicts(columns)

    def _dicts(self, columns: list[list[Any]]) -> list[dict[str, Any]]:
        names = self.columns
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def _column(self, place: int, leaves: _Leaves) -> list[Any]:
        schema = self.schema.child(place)
        whole = _is_whole(schema)
        values: list[Any] = []
        for batch in self.batches:
            view = batch.view()
            start, length = view.offset, view.length
            values += _values(view.child(place), schema, start, length, _WHOLE if whole else leaves)
        return _whole(values, leaves) if whole else values


def distinct(names: Iterable[str]) -> list[str]:
    """The names, each once: the second ``a`` is ``a_2``."""
    seen: set[str] = set()
    found = []
    for name in names:
        candidate, number = name, 1
        while candidate in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate)
        found.append(candidate)
    return found


def interval_text(value: tuple[int, int, int]) -> str:
    """Months, days and nanoseconds as people write them: ``1 months 2 days 00:00:03.5``."""
    months, days, nanoseconds = value
    parts = [f"{months} months"] if months else []
    parts += [f"{days} days"] if days else []
    if nanoseconds or not parts:
        sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
        minutes, rest = divmod(rest, 60 * 10**9)
        clock = f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest // 10**9:02}"
        fraction = f".{rest % 10**9:09}".rstrip("0") if rest % 10**9 else ""
        parts.append(clock + fraction)
    return " ".join(parts)


def _letter(schema: Any) -> str:
    kind: str = schema.format
    return kind[0] if schema.dictionary is None else _letter(schema.dictionary)


def _is_text(schema: Any) -> bool:
    return _letter(schema) in _TEXTS


def _is_whole(schema: Any) -> bool:
    """Whether it is a decimal without a fraction: what DuckDB makes of sums and HUGEINT."""
    kind: str = schema.format
    return kind.startswith("d:") and kind.split(",")[1] == "0"


def _whole(values: list[int | None], leaves: _Leaves) -> list[Any]:
    """The integers as they are where each is a 64-bit one, or else as decimals."""
    if all(value is None or -(2**63) <= value < 2**63 for value in values):
        return values
    made = Decimal if leaves is _PYTHON else float
    return [None if value is None else made(value) for value in values]


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _values(view: Any, schema: Any, start: int, length: int, leaves: _Leaves) -> list[Any]:
    """So many values of an array from ``start`` on."""
    if not length:
        return []
    first = start + view.offset
    kind: str = schema.format
    if kind == "n":
        return [None] * length
    if schema.dictionary is not None:
        words = _values(view.dictionary, schema.dictionary, 0, view.dictionary.length, leaves)
        valid = _valid(view, first, length)
        places = view.buffer(1).elements(first, length)
        return [words[i] if ok else None for ok, i in zip(valid, places, strict=True)]
    leaf: _Leaf | None = None
    found: Iterable[Any]
    if kind.startswith("+"):
        found = _nested(view, schema, first, length, leaves)
    else:
        leaf = leaves.get(_name(kind))
        found = _stored(view, kind, first, length)
    if not view.null_count:
        return list(found) if leaf is None else [leaf(kind, value) for value in found]
    pairs = zip(_valid(view, first, length), found, strict=True)
    if leaf is None:
        return [value if ok else None for ok, value in pairs]
    return [leaf(kind, value) if ok else None for ok, value in pairs]


def _valid(view: Any, first: int, length: int) -> Iterable[Any]:
    if not view.null_count:
        return [True] * length
    elements: Iterable[Any] = view.buffer(0).elements(first, length)
    return elements


def _nested(view: Any, schema: Any, first: int, length: int, leaves: _Leaves) -> Sequence[Any]:
    kind: str = schema.format
    if kind == "+s":
        names = [child.name for child in schema.children]
        columns = [
            _values(view.child(place), child, first, length, leaves)
            for place, child in enumerate(schema.children)
        ]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if kind in ("+l", "+L", "+m"):
        ends = list(view.buffer(1).elements(first, length + 1))
    elif kind.startswith("+w:"):
        size = int(kind[3:])
        ends = list(range(first * size, (first + length + 1) * size, size)) or [0]
        ends = ends if size else [0] * (length + 1)
    else:
        raise _unreadable(kind)
    inner = _values(view.child(0), schema.child(0), ends[0], ends[-1] - ends[0], leaves)
    lists = [inner[a - ends[0] : b - ends[0]] for a, b in pairwise(ends)]
    return [_mapping(one) for one in lists] if kind == "+m" else lists


def _mapping(entries: Sequence[dict[str, Any]]) -> Any:
    """The entries of a MAP as an object; a list of them where a key cannot be one of JSON."""
    pairs = [tuple(entry.values()) for entry in entries]
    if all(isinstance(key, str | int | float | dt.date | dt.time) for key, _ in pairs):
        return dict(pairs)
    return [{"key": key, "value": value} for key, value in pairs]


def _stored(view: Any, kind: str, first: int, length: int) -> Iterable[Any]:
    """The values as Arrow holds them; where one is null, anything."""
    if kind in "uUzZ":
        ends = list(view.buffer(1).elements(first, length + 1))
        data = memoryview(view.buffer(2))
        if kind in "uU":
            return [str(data[a:b], "utf-8") for a, b in pairwise(ends)]
        return [bytes(data[a:b]) for a, b in pairwise(ends)]
    if kind[0] not in "bcCsSiIlLefgdt":
        raise _unreadable(kind)
    values: Iterable[Any] = view.buffer(1).elements(first, length)
    return values


def _name(kind: str) -> str:
    """What a type is called in ``_Leaves``: ``ts`` for moments of every unit and zone."""
    if kind.startswith("tt"):
        return "tt"
    return kind[:2] if kind.startswith("t") else kind[0]


def _unreadable(kind: str) -> InputError:
    what = "a union" if kind.startswith("+u") else f"Arrow's {kind!r}"
    return InputError(f"a column has a type that cannot be shown: {what}", do="cast it to VARCHAR")


def _integer(_: str, value: bytes) -> int:
    return int.from_bytes(value, "little", signed=True)


def _decimal(kind: str, value: bytes) -> Decimal:
    scale = int(kind.split(",")[1])
    return Decimal(_integer(kind, value)).scaleb(-scale, _EXACT)


def _moment(kind: str, value: int) -> object:
    zone = kind[4:]
    try:
        naive = _EPOCH + dt.timedelta(microseconds=value * _UNITS[kind[2]] // 1000)
        if not zone:
            return naive
        from zoneinfo import ZoneInfo

        return naive.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    except OverflowError:
        return _moment_text(kind, value)


def _moment_text(kind: str, value: int) -> str:
    """RFC 3339 in UTC."""
    if value in _ENDLESS:
        return _ENDLESS[value]
    days, rest = divmod(value * _UNITS[kind[2]], _DAY_NS)
    return f"{_date_text(days)}T{_clock(rest)}Z"


def _clock(ns: int) -> str:
    """The time of a day, with no, 3, 6 or 9 digits of a second, as many as it needs."""
    second, rest = divmod(ns, 10**9)
    text = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if not rest:
        return text
    if rest % 10**3:
        return f"{text}.{rest:09}"
    return f"{text}.{rest // 10**3:06}" if rest % 10**6 else f"{text}.{rest // 10**6:03}"


def _day(kind: str, value: int) -> object:
    try:
        return _EPOCH.date() + dt.timedelta(days=value)
    except OverflowError:
        return _day_text(kind, value)


def _day_text(_: str, value: int) -> str:
    return _ENDLESS_DAY.get(value) or _date_text(value)


def _date_text(days: int) -> str:
    """ISO 8601, with a sign before a year that has not four digits."""
    cycles, day = divmod(days, _CYCLE[1])
    date = _EPOCH.date() + dt.timedelta(days=day)
    year = date.year + cycles * _CYCLE[0]
    shown = f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"
    return f"{shown}-{date.month:02}-{date.day:02}"


def _time(kind: str, value: int) -> dt.time | None:
    """The time of a day; None for 24:00, which none is."""
    ns = value * _UNITS[kind[2]]
    if not 0 <= ns < _DAY_NS:
        return None
    return (_EPOCH + dt.timedelta(microseconds=ns // 1000)).time()


def _time_text(kind: str, value: int) -> str | None:
    ns = value * _UNITS[kind[2]]
    return _clock(ns) if 0 <= ns < _DAY_NS else None


_Leaf = Callable[[str, Any], object]
_Leaves = dict[str, _Leaf]

#: What is made of a value, by the letters of its type; of others nothing.
_PYTHON: Final[_Leaves] = {
    "b": lambda _, value: bool(value),
    "d": _decimal,
    "ts": _moment,
    "td": _day,
    "tt": _time,
    "ti": lambda _, value: interval_text(value),
}
_WHOLE: Final[_Leaves] = {"d": _integer}
_JSON: Final[_Leaves] = {
    **_PYTHON,
    "d": lambda kind, value: float(_decimal(kind, value)),
    "z": lambda _, value: value.hex(),
    "Z": lambda _, value: value.hex(),
    "ts": _moment_text,
    "td": _day_text,
    "tt": _time_text,
}
