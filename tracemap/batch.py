"""What a collector hands to the store: spans and logs as Arrow columns, what repeats interned.

A batch is self-contained: ``shapes``, ``resources`` and ``scopes`` are numbered from 0 within the
batch (``*_no`` columns point at them); the store maps those numbers to its own ids when it writes.

An attribute list is split in two. Its *shape* is the ordered keys with their value types, which
repeats across millions of spans and is stored once; its *values* are text, stored per span. The
types are those of OTLP's ``AnyValue`` so that integer 5 and string "5" stay different.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import pyarrow as pa


class ValueType(IntEnum):
    """How the text of an attribute value is to be read (OTLP common.proto, ``AnyValue``)."""

    EMPTY = 0  # no value set; text is ""
    STRING = 1  # the text itself
    BOOL = 2  # "true" | "false"
    INT = 3  # decimal, 64-bit signed
    DOUBLE = 4  # shortest text that reads back equal; "NaN", "Infinity", "-Infinity"
    ARRAY = 5  # plain JSON array; doubles always carry a "." or an exponent
    KVLIST = 6  # plain JSON object
    BYTES = 7  # base64
    NESTED = 8  # an array or kvlist that plain JSON cannot carry (bytes, NaN or duplicate keys
    #             inside): the AnyValue as OTLP/JSON text


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of an attribute list, in order, with the type of each value."""

    keys: tuple[str, ...]
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """An OTLP resource: who sent the spans. ``shape`` indexes ``SpanBatch.shapes``."""

    shape: int
    values: tuple[str, ...]
    schema_url: str = ""
    dropped_attributes: int = 0
    entity_refs: str | None = None  # JSON text of Resource.entity_refs, when any


@dataclass(frozen=True, slots=True)
class Scope:
    """An OTLP instrumentation scope. ``shape`` indexes ``SpanBatch.shapes``."""

    name: str
    version: str
    shape: int
    values: tuple[str, ...]
    schema_url: str = ""
    dropped_attributes: int = 0


#: One row a span, in the order received. Times are ns since the Unix epoch, ids big-endian.
SPANS = pa.schema(
    [
        pa.field("span_no", pa.uint32(), nullable=False),  # position in the batch, from 0
        pa.field("resource_no", pa.uint32(), nullable=False),
        pa.field("scope_no", pa.uint32(), nullable=False),
        pa.field("trace_id", pa.uuid(), nullable=False),
        pa.field("span_id", pa.uint64(), nullable=False),
        pa.field("parent_span_id", pa.uint64()),  # null: a root
        pa.field("trace_state", pa.string()),  # null: empty
        pa.field("flags", pa.uint32(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),  # SpanKind
        pa.field("start_ns", pa.uint64(), nullable=False),
        pa.field("end_ns", pa.uint64(), nullable=False),
        pa.field("shape_no", pa.uint32(), nullable=False),
        pa.field("vals", pa.list_(pa.string()), nullable=False),
        pa.field("dropped_attributes", pa.uint32(), nullable=False),
        pa.field("dropped_events", pa.uint32(), nullable=False),
        pa.field("dropped_links", pa.uint32(), nullable=False),
        pa.field("status", pa.uint8(), nullable=False),  # Status.StatusCode: 0 unset 1 ok 2 error
        pa.field("status_message", pa.string()),  # null: empty
    ]
)

#: One row a link; ``position`` is its index in the span's list.
LINKS = pa.schema(
    [
        pa.field("span_no", pa.uint32(), nullable=False),
        pa.field("position", pa.uint32(), nullable=False),
        pa.field("trace_id", pa.uuid(), nullable=False),  # of the span that carries the link
        pa.field("span_id", pa.uint64(), nullable=False),
        pa.field("linked_trace_id", pa.uuid(), nullable=False),
        pa.field("linked_span_id", pa.uint64(), nullable=False),
        pa.field("trace_state", pa.string()),
        pa.field("flags", pa.uint32(), nullable=False),
        pa.field("shape_no", pa.uint32(), nullable=False),
        pa.field("vals", pa.list_(pa.string()), nullable=False),
        pa.field("dropped_attributes", pa.uint32(), nullable=False),
    ]
)

#: One row an event.
EVENTS = pa.schema(
    [
        pa.field("span_no", pa.uint32(), nullable=False),
        pa.field("position", pa.uint32(), nullable=False),
        pa.field("trace_id", pa.uuid(), nullable=False),
        pa.field("span_id", pa.uint64(), nullable=False),
        pa.field("time_ns", pa.uint64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("shape_no", pa.uint32(), nullable=False),
        pa.field("vals", pa.list_(pa.string()), nullable=False),
        pa.field("dropped_attributes", pa.uint32(), nullable=False),
    ]
)

#: One row a log record that belongs to a span; whether the span is stored, or ever will be, is not
#: known. The body is one attribute value: its ``ValueType`` and its text.
LOGS = pa.schema(
    [
        pa.field("log_no", pa.uint32(), nullable=False),  # position in the batch, from 0
        pa.field("resource_no", pa.uint32(), nullable=False),
        pa.field("scope_no", pa.uint32(), nullable=False),
        pa.field("trace_id", pa.uuid(), nullable=False),
        pa.field("span_id", pa.uint64(), nullable=False),
        pa.field("flags", pa.uint32(), nullable=False),
        pa.field("time_ns", pa.uint64(), nullable=False),  # 0: not known
        pa.field("observed_ns", pa.uint64(), nullable=False),  # 0: not known
        pa.field("severity", pa.uint8(), nullable=False),  # SeverityNumber, 0 unspecified
        pa.field("severity_text", pa.string()),  # null: empty
        pa.field("event_name", pa.string()),  # null: empty
        pa.field("body_type", pa.uint8(), nullable=False),
        pa.field("body", pa.string(), nullable=False),
        pa.field("shape_no", pa.uint32(), nullable=False),
        pa.field("vals", pa.list_(pa.string()), nullable=False),
        pa.field("dropped_attributes", pa.uint32(), nullable=False),
    ]
)


@dataclass(slots=True)
class SpanBatch:
    """What is written in one transaction: spans with their links and events, or log records."""

    shapes: Sequence[Shape]
    resources: Sequence[Resource]
    scopes: Sequence[Scope]
    spans: pa.Table  # SPANS
    links: pa.Table = field(default_factory=LINKS.empty_table)
    events: pa.Table = field(default_factory=EVENTS.empty_table)
    logs: pa.Table = field(default_factory=LOGS.empty_table)
    #: Spans or log records refused one by one (bad ids, values too deep): how many, and the first
    #: reasons.
    rejected: int = 0
    reasons: tuple[str, ...] = ()
    #: How many of those for a wrong "id", a "text" that is too long, a "value" that cannot be kept.
    rejected_for: Mapping[str, int] = field(default_factory=dict)
    #: Log records that belong to no span and are not stored: how many, by request.
    unrelated: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """How many spans and log records are to be written."""
        return int(self.spans.num_rows + self.logs.num_rows)
