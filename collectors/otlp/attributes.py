"""Attribute lists as columns: (shape number, values as text), a whole batch at once.

A shape is the ordered (key, type) pairs of a list (``tracemap.batch.Shape``). Lists are grouped by
those pairs, and only one list of each group is ever looked at as Python objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import Shape, ValueType
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.values import Ints, texts

#: Of a column of lists: shape_no as uint32, vals as list<string>.
Attributes = tuple[Ints, pa.ListArray]

_TYPES = len(ValueType)

#: Lists that are compared with each other at once.
_PIECE: Final = 2048


class BrokenValuesError(Exception):
    """Attribute values that cannot be stored: {position in the values: why}."""

    def __init__(self, reasons: dict[int, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class Shapes:
    """The shapes of one batch, numbered from 0 as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Shape, int] = {}

    def number(self, shape: Shape) -> int:
        """The number of ``shape`` in this batch."""
        return self.numbers.setdefault(shape, len(self.numbers))


def columns(lists: Sequence[pa.ListArray], shapes: Shapes, limits: Limits) -> list[Attributes]:
    """For each list<KeyValue> array: (shape_no as uint32, vals as list<string>), row by row.

    ``lists`` start at offset 0 and hold no nulls. Raises BrokenValuesError for all that cannot be
    stored, with positions counted over the values of all lists, one after the other.
    """
    offsets = [np.asarray(part.offsets) for part in lists]
    lengths = np.concatenate([np.diff(o) for o in offsets])
    values = _concat([part.values for part in lists])
    text, types, reasons = texts(values.field("value"), limits)
    reasons = too_long(text, limits.attribute_length, "has") | reasons
    reasons |= too_long(values.field("key"), limits.name_length, "has a name of")
    if reasons:
        raise BrokenValuesError(reasons)
    numbers = _shape_numbers(values.field("key"), types, lengths, shapes)
    out = []
    row = element = 0
    for offset in offsets:
        rows, elements = len(offset) - 1, int(offset[-1])
        vals = pa.ListArray.from_arrays(pa.array(offset), text.slice(element, elements))
        out.append((numbers[row : row + rows], vals))
        row += rows
        element += elements
    return out


def too_long(column: pa.Array, most: int, has: str) -> dict[int, str]:
    """Of texts, those of more than ``most`` bytes: why each cannot be stored, by its position."""
    data = column.buffers()[2]  # of all of them: no one is longer (nbytes takes ten times as long)
    if data is None or data.size <= most:
        return {}
    sizes = np.asarray(pc.binary_length(column).fill_null(0))
    return {
        at: f"{has} {sizes[at]} bytes, more than {most}"
        for at in np.flatnonzero(sizes > most).tolist()
    }


def _concat(arrays: Sequence[pa.Array]) -> pa.Array:
    filled = [a for a in arrays if len(a)] or list(arrays[:1])
    return filled[0] if len(filled) == 1 else pa.concat_arrays(filled)


def _shape_numbers(keys: pa.StringArray, types: Ints, lengths: Ints, shapes: Shapes) -> Ints:
    """The shape number of each list; its elements stand in ``keys`` and ``types`` in order."""
    bounds = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    _, raw, data = keys.buffers()
    ends = np.frombuffer(raw, np.int32, len(keys) + 1, keys.offset * 4)
    # Lists are of one shape whose keys read alike from the first to the last, and are cut alike.
    names = _groups(ends[bounds], data)
    cuts = np.diff(ends) * np.int32(_TYPES) + types
    both = _groups(bounds * cuts.itemsize, pa.py_buffer(cuts)) * np.int64(len(names)) + names
    _, firsts, codes = np.unique(both, return_index=True, return_inverse=True)
    numbers: Ints = np.empty(len(firsts), np.uint32)
    for index, first in enumerate(firsts.tolist()):
        start, end = int(bounds[first]), int(bounds[first + 1])
        shape = Shape(
            tuple(keys.slice(start, end - start).to_pylist()), tuple(types[start:end].tolist())
        )
        numbers[index] = shapes.number(shape)
    return numbers.take(codes)


def _groups(bounds: Ints, data: pa.Buffer | None) -> Ints:
    """The group of each run of bytes between two bounds; those of one group are equal.

    Equal ones may be in more than one group: groups are made within pieces. Arrow hashes without a
    secret, so whoever sends the bytes can choose them to collide, and then the cost is the square
    of their number (measured: half a minute for 100,000 in one piece, 20 ms for a piece).
    """
    buffers = [None, pa.py_buffer(bounds.astype(np.int32)), data or pa.py_buffer(b"")]
    runs = pa.BinaryArray.from_buffers(pa.binary(), len(bounds) - 1, buffers)
    groups = np.empty(len(runs), np.int64)
    count = 0
    for start in range(0, len(runs), _PIECE):
        piece = runs.slice(start, _PIECE).dictionary_encode()
        groups[start : start + _PIECE] = np.asarray(piece.indices) + count
        count += len(piece.dictionary)
    return groups
