"""How much stands in a request, counted before it is built.

An empty message takes two bytes on the wire and up to eighty as an object or a row of columns. So a
large request is counted first, in pieces, of which one at a time is in memory as columns. Protobuf
allows a message to be cut between any two of its fields: both parts are messages of its type. A
piece, with the frames of the messages around it, is a request of its own, and is counted as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from tracemap.collectors.otlp import groups, wire
from tracemap.collectors.otlp.limits import MIB, Limits
from tracemap.collectors.otlp.nested import places
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal
from tracemap.errors import TooLargeError

#: Bytes of a request that may be counted as one: two millions of objects at most.
WHOLE: Final = 4 * MIB
#: Bytes of a piece of a larger one, about.
PIECE: Final = MIB // 2

#: The lists that are counted, and what their elements are called; most have a limit of that name.
_COUNTED: Final = {
    "resource_spans": "resources",
    "resource_logs": "resources",
    "scope_spans": "scopes",
    "scope_logs": "scopes",
    "spans": "spans",
    "log_records": "log records",
    "events": "events",
    "links": "links",
    "attributes": "attributes",
}
_HANDLERS: Final = {TRACES: wire.COUNTING_HANDLER, LOGS: wire.LOGS_COUNTING_HANDLER}

#: The lists in a message: by field number, what an element is called, and the lists in it.
_Lists = Mapping[int, tuple[str, "_Lists"]]


def _lists(descriptor: Any) -> _Lists:
    return {
        field.number: (
            _COUNTED[field.name],
            _lists(field.message_type) if field.message_type else {},
        )
        for field in descriptor.fields
    }


_LISTS: Final = {TRACES: _lists(wire.COUNTING), LOGS: _lists(wire.LOGS_COUNTING)}


def bound(body: bytes, limits: Limits, signal: Signal = TRACES) -> None:
    """Refuse a serialised request that holds more than ``limits`` allow, with little memory.

    Raises TooLargeError, PayloadError. What is no valid protobuf is left to the decoder.
    """
    try:
        if len(body) <= WHOLE:
            groups.refuse_deep([body], signal)
            check(wire.columns(_HANDLERS[signal], [body]), limits)
        else:
            _Pieces(body, limits, signal).walk(0, len(body), _LISTS[signal], ())
    except (IndexError, ValueError):
        return


def check(requests: pa.ListArray, limits: Limits) -> None:
    """Raise TooLargeError when the lists of decoded requests together hold more than they may."""
    counts: Counter[str] = Counter()
    _count(requests, "resource_spans", counts)
    _check(counts, limits)


def _count(column: pa.Array, name: str, counts: Counter[str]) -> None:
    """Add up the elements of the counted lists in a column that is called so."""
    if isinstance(column, pa.ListArray):
        if name in _COUNTED:
            counts[_COUNTED[name]] += len(column.values)
            _count(column.values, "", counts)
    elif isinstance(column, pa.StructArray):
        for i, inner in enumerate(column.type):
            if inner.name in _COUNTED:
                _count(column.field(i), inner.name, counts)


def _check(counts: Counter[str], limits: Limits, sure: str = "") -> None:
    for name, count in (("items", counts.total()), *counts.items()):
        most = getattr(limits, name, count)
        if count > most:
            what = ", ".join(counts) if name == "items" else name
            raise TooLargeError(
                f"the request holds {sure}{count} {what}, more than {most}",
                do=f"send it in smaller requests, or raise the limit {name}",
            )


class _Pieces:
    """One request, counted piece by piece until it is too much."""

    def __init__(self, body: bytes, limits: Limits, signal: Signal) -> None:
        self._body = body
        self._limits = limits
        self._signal = signal
        self._counts: Counter[str] = Counter()
        self._others = 0

    def walk(self, start: int, end: int, lists: _Lists, path: tuple[int, ...]) -> None:
        """Count in the message between ``start`` and ``end``; ``path`` are the fields around it."""
        first = last = start  # of what is not counted yet
        for number, kind, begin, after, inside in places(self._body, start, end):
            name, inner = lists.get(number, ("", {})) if kind == 2 and not inside else ("", {})
            if not name:
                self._pass()
            if name and after - last > PIECE:
                self._piece(first, last, path)
                self._add({name: 1})
                if inner:
                    self.walk(begin, after, inner, (*path, number))
                first = after
            elif after - first > PIECE and not inside:
                self._piece(first, after, path)
                first = after
            last = after
        self._piece(first, end, path)

    def _pass(self) -> None:
        """A field that is in none of the lists; of those there may not be any number either."""
        self._others += 1
        if self._others > self._limits.items:
            raise TooLargeError(
                f"the request holds more than {self._limits.items} fields beside what is counted",
                do="send it in smaller requests",
            )

    def _piece(self, first: int, after: int, path: tuple[int, ...]) -> None:
        """Count the fields between ``first`` and ``after`` as a request of its own."""
        if first == after:
            return
        piece = self._body[first:after]
        frames: Counter[str] = Counter()
        names, lists = [], _LISTS[self._signal]
        for number in path:
            name, lists = lists[number]
            names.append(name)
        for number in reversed(path):
            piece = _framed(number, piece)
        groups.refuse_deep([piece], self._signal)
        _count(wire.columns(_HANDLERS[self._signal], [piece]), "resource_spans", frames)
        frames.subtract(names)
        self._add(frames)

    def _add(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)
        _check(self._counts, self._limits, "at least ")


def _framed(number: int, message: bytes) -> bytes:
    """``message`` as the field of another: tag, length, bytes."""
    size, length = len(message), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | 2]) + bytes(length) + message
