"""Trace and span ids: checked, and turned from variable bytes into fixed-width columns.

Protobuf lets an id be any number of bytes; OTLP (trace.proto) wants 16 and 8, not all zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tracemap.collectors.otlp.values import Ints

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of checked spans."""

    trace: Ints  #: 16 opaque bytes each
    span: Ints  #: uint64
    parent: Ints  #: uint64, 0 where there is none

    @classmethod
    def of(cls, spans: pa.StructArray) -> Ids:
        """The ids of spans in which ``check_spans`` finds nothing wrong."""
        parents = spans.field("parent_span_id")
        present = _lengths(parents) > 0
        parent = np.zeros(len(spans), np.uint64)
        parent[present] = _numbers(parents, int(present.sum()))
        return cls(trace_ids(spans.field("trace_id")), span_ids(spans.field("span_id")), parent)


def trace_ids(column: pa.BinaryArray) -> Ints:
    """Ids of 16 bytes each as an array of 16 opaque bytes."""
    return _view(column, np.dtype("V16"), len(column))


def span_ids(column: pa.BinaryArray) -> Ints:
    """Ids of 8 bytes each as uint64, big-endian."""
    return _numbers(column, len(column))


def uuids(trace: Ints) -> pa.Array:
    """Arrays of 16 opaque bytes as an Arrow column of UUIDs."""
    storage = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(TRACE_ID_BYTES), len(trace), [None, pa.py_buffer(np.ascontiguousarray(trace))]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def check_spans(spans: pa.StructArray) -> dict[int, str]:
    """Why a span must be rejected, by its row; the first reason only."""
    reasons = _check(spans.field("parent_span_id"), SPAN_ID_BYTES, "parent span id", optional=True)
    reasons |= _check(spans.field("span_id"), SPAN_ID_BYTES, "span id")
    reasons |= _check(spans.field("trace_id"), TRACE_ID_BYTES, "trace id")
    return reasons


def check_links(links: pa.StructArray) -> dict[int, str]:
    """Why a link must be left out, by its row."""
    reasons = _check(links.field("span_id"), SPAN_ID_BYTES, "span id")
    reasons |= _check(links.field("trace_id"), TRACE_ID_BYTES, "trace id")
    return reasons


def _check(
    column: pa.BinaryArray, size: int, name: str, *, optional: bool = False
) -> dict[int, str]:
    lengths = _lengths(column)
    right = lengths == size
    reasons: dict[int, str] = {}
    if not right.all():
        wrong = ~right & (lengths > 0) if optional else ~right
        for row in np.flatnonzero(wrong).tolist():
            reasons[row] = f"the {name} has {lengths[row]} bytes instead of {size}"
        column = column.filter(pa.array(right))
    if optional:
        return reasons  # an id of zeros is then the same as none
    words = _view(column, np.dtype(np.uint64), len(column) * size // 8).reshape(-1, size // 8)
    zero = ~words.any(axis=1)
    if zero.any():
        for row in np.flatnonzero(right)[zero].tolist():
            reasons[row] = f"the {name} is all zeros"
    return reasons


def _lengths(column: pa.BinaryArray) -> Ints:
    return np.diff(_offsets(column))


def _offsets(column: pa.BinaryArray) -> Ints:
    return np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)


def _numbers(column: pa.BinaryArray, count: int) -> Ints:
    return _view(column, np.dtype(">u8"), count).astype(np.uint64)


def _view(column: pa.BinaryArray, dtype: np.dtype[Any], count: int) -> Ints:
    """The bytes of all values in a row as ``count`` items of ``dtype``."""
    data = column.buffers()[2]
    if not count or data is None:
        return np.empty(0, dtype)
    return np.frombuffer(data, dtype, count, int(_offsets(column)[0]))
