"""Attribute lists as columns: (shape number, values as text), a whole batch at once.

A shape is the ordered (key, type) pairs of a list (``tracemap.batch.Shape``). Lists are grouped by
those pairs, and only one list of each group is ever looked at as Python objects.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import Shape, ValueType
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.values import BrokenValuesError, Ints, texts

#: Of a column of lists: shape_no as uint32, vals as list<string>.
Attributes = tuple[Ints, pa.ListArray]

_TYPES = len(ValueType)

#: Unpredictable per process: who sends spans must not be able to choose what collides.
_SECRET = np.random.SeedSequence().generate_state(1, np.uint32).view(np.int32)[0]


class Shapes:
    """The shapes of one batch, numbered from 0 as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Shape, int] = {}

    def number(self, shape: Shape) -> int:
        """The number of ``shape`` in this batch."""
        return self.numbers.setdefault(shape, len(self.numbers))


def columns(lists: Sequence[pa.ListArray], shapes: Shapes, limits: Limits) -> list[Attributes]:
    """For each list<KeyValue> array: (shape_no as uint32, vals as list<string>), row by row.

    ``lists`` start at offset 0 and hold no nulls. Raises BrokenValuesError with positions counted
    over the values of all lists, one after the other.
    """
    offsets = [np.asarray(part.offsets) for part in lists]
    lengths = np.concatenate([np.diff(o) for o in offsets])
    values = _concat([part.values for part in lists])
    text, types = texts(values.field("value"), limits)
    long = too_long(text, limits.attribute_length, "has")
    if long := long | too_long(values.field("key"), limits.name_length, "has a name of"):
        raise BrokenValuesError(long)
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


def _shape_numbers(keys: pa.Array, types: Ints, lengths: Ints, shapes: Shapes) -> Ints:
    """The shape number of each list; its elements stand in ``keys`` and ``types`` in order."""
    encoded = keys.dictionary_encode()
    codes = (np.asarray(encoded.indices) * np.int32(_TYPES) + types) ^ _SECRET
    # The codes of a list, as bytes: lists with the same are of the same shape.
    bounds = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths * codes.itemsize, out=bounds[1:])
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(codes)]
    lists = pa.BinaryArray.from_buffers(pa.binary(), len(lengths), buffers).dictionary_encode()

    names = encoded.dictionary.to_pylist()
    numbers: Ints = np.empty(len(lists.dictionary), np.uint32)
    for index, raw in enumerate(lists.dictionary.to_pylist()):
        pairs = (np.frombuffer(raw, codes.dtype) ^ _SECRET).tolist()
        shape = Shape(
            tuple(names[pair // _TYPES] for pair in pairs),
            tuple(pair % _TYPES for pair in pairs),
        )
        numbers[index] = shapes.number(shape)
    return numbers.take(np.asarray(lists.indices))
