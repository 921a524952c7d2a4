"""A column of serialised ``AnyValue`` messages: the type and the text of each, all at once.

Nearly all are written as every exporter writes them, a tag and one scalar behind it, and are read
as columns of bytes. What is not (arrays, maps, bytes, long texts, and what else protobuf allows:
several values of which the last one counts, unknown fields) is read one by one by ``nested``, with
the same result.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import ValueType
from tracemap.collectors.otlp import nested
from tracemap.collectors.otlp.limits import Limits

Ints = npt.NDArray[Any]

#: The type of a value that is not read as a column.
_OTHER: Final = 255
#: The type by the first byte, which is the number of the field and its wire type.
_BY_TAG: Final = np.full(256, _OTHER, np.uint8)
_BY_TAG[[0x0A, 0x10, 0x18, 0x21]] = (
    ValueType.STRING,
    ValueType.BOOL,
    ValueType.INT,
    ValueType.DOUBLE,
)
#: Bytes of an integer on the wire, at most.
_LONGEST: Final = 10
_BOOLS: Final = pa.array(["false", "true"])


def texts(column: pa.BinaryArray, limits: Limits) -> tuple[pa.StringArray, Ints, dict[int, str]]:
    """(text, ValueType) of each; a value that is absent or empty has the text "".

    And of those that cannot be stored why, by position: all of them, for no one looks again. What
    the text of those is says nothing.
    """
    values = _Values(column)
    # Where the text of each stands in all parts together: a string's is the second of two.
    parts, places = [values.strings()], np.arange(1, 2 * len(column), 2)
    count = 2 * len(column)
    for at, text in (values.bools(), values.ints(), values.doubles(), values.others(limits)):
        if len(at):
            places[at] = count + np.arange(len(at))
            count += len(at)
            parts.append(text.cast(pa.binary()))
    found = pa.concat_arrays(parts).take(pa.array(places))
    text = pa.StringArray.from_buffers(len(found), *found.buffers()[1:])
    reasons = values.reasons
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        reasons = _not_utf8(text) | reasons
    return text, values.types, reasons


def double_texts(column: pa.Array) -> pa.Array:
    """Shortest texts that read back equal, with protobuf's names for what is no number."""
    text = column.cast(pa.string())
    finite = np.isfinite(column.to_numpy())
    if finite.all():
        return text
    names = np.full(len(column), None, object)
    for at in np.flatnonzero(~finite).tolist():
        names[at] = nested.double_name(column[at].as_py())
    return pc.coalesce(pa.array(names, pa.string()), text)


class _Values:
    """The bytes of a column. Each step below takes the values of one type; those that are not one
    whole value of it and nothing else are left to the last step, ``others``."""

    def __init__(self, column: pa.BinaryArray) -> None:
        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4)
        first, last = int(bounds[0]), int(bounds[-1])
        # Never empty, so that a byte can be taken for each value, also for those that have none.
        self.data = (
            np.frombuffer(data, np.uint8, last - first, first)
            if last > first
            else np.zeros(1, np.uint8)
        )
        self.start = bounds[:-1] - first
        self.size = np.diff(bounds)
        #: Why those cannot be read that cannot, by position.
        self.reasons: dict[int, str] = {}
        self.types: Ints = _BY_TAG.take(self._bytes(self.start))
        self.types[self.size == 0] = ValueType.EMPTY

    def strings(self) -> pa.BinaryArray:
        """Two for each value: what stands before its text, and the text, "" for what is no string.

        Nothing is copied: the bytes of the column are cut at other places.
        """
        whole, head = self._whole_strings()
        self.types[(self.types == ValueType.STRING) & ~whole] = _OTHER
        cuts = np.empty(2 * len(head) + 1, np.int32)
        cuts[:-1:2] = self.start
        cuts[1::2] = self.start + np.where(whole, head, self.size)
        cuts[-1] = self.start[-1] + self.size[-1] if len(head) else 0
        buffers = [None, pa.py_buffer(cuts), pa.py_buffer(self.data)]
        return pa.BinaryArray.from_buffers(pa.binary(), 2 * len(head), buffers)

    def _whole_strings(self) -> tuple[Ints, Ints]:
        """Which values are one string of less than 16 KiB, and the bytes before each one's text."""
        is_string = self.types == ValueType.STRING
        head = 2 + (self.size > 129)  # a length from 128 on takes two bytes
        low = self._bytes(self.start + 1).astype(np.int32)
        whole = is_string & (low == self.size - 2) & (head == 2)
        if (head == 3).any():
            high = self._bytes(self.start + 2).astype(np.int32)
            length = (low & 0x7F) + (high << 7)
            whole |= is_string & (length == self.size - 3) & (low > 0x7F) & (high < 0x80)
        return whole, head

    def bools(self) -> tuple[Ints, pa.Array]:
        """Where the booleans are, and their texts."""
        at, begin, size = self._of(ValueType.BOOL)
        given = self._bytes(begin)
        at, given = self._only(at, (size == 1) & (given <= 1), given)
        return at, _BOOLS.take(pa.array(given))

    def ints(self) -> tuple[Ints, pa.Array]:
        """The same of integers."""
        at, begin, size = self._of(ValueType.INT)
        number = np.zeros(len(at), np.uint64)
        whole = (size >= 1) & (size <= _LONGEST)
        for place in range(min(int(size.max(initial=0)), _LONGEST)):
            byte = self._bytes(begin + place)
            inside = place < size
            bits = np.where(inside, byte & 0x7F, 0).astype(np.uint64)
            number |= bits << np.uint64(7 * place)
            whole &= ~inside | ((byte > 0x7F) == (place < size - 1))
        at, number = self._only(at, whole, number)
        return at, pa.array(number.view(np.int64)).cast(pa.string())

    def doubles(self) -> tuple[Ints, pa.Array]:
        """The same of floating-point numbers."""
        at, begin, size = self._of(ValueType.DOUBLE)
        at, begin = self._only(at, size == 8, begin)
        eight = self._bytes(begin[:, None] + np.arange(8))
        return at, double_texts(pa.array(eight.view("<f8").ravel()))

    def others(self, limits: Limits) -> tuple[Ints, pa.Array]:
        """The same of everything else, one by one; "" where it is broken."""
        at = np.flatnonzero(self.types == _OTHER)
        found: list[str] = []
        for place in at.tolist():
            raw = self.data[self.start[place] :][: self.size[place]].tobytes()
            try:
                self.types[place], text = nested.to_text(raw, limits)
            except nested.NestedValueError as error:
                self.types[place], text = ValueType.EMPTY, ""
                self.reasons[place] = str(error)
            found.append(text)
        return at, pa.array(found, pa.string())

    def _bytes(self, at: Ints) -> Ints:
        """The bytes at some positions; any byte for positions beyond the end."""
        return self.data.take(at, mode="clip")

    def _of(self, kind: ValueType) -> tuple[Ints, Ints, Ints]:
        """Which values are of a type; where the payload of each begins, and its size."""
        at = np.flatnonzero(self.types == kind)
        return at, self.start[at] + 1, self.size[at] - 1

    def _only(self, at: Ints, whole: Ints, payload: Ints) -> tuple[Ints, Ints]:
        """Those that are one whole value; the rest is left to ``others``."""
        if whole.all():
            return at, payload
        self.types[at[~whole]] = _OTHER
        return at[whole], payload[whole]


def _not_utf8(column: pa.StringArray) -> dict[int, str]:
    """Why some strings cannot be stored, by position."""
    reasons = {}
    for at, raw in enumerate(column.cast(pa.binary()).to_pylist()):
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            reasons[at] = f"is not valid UTF-8 ({error})"
    return reasons
