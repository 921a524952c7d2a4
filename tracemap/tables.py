"""Batches as the tables of the store: what repeats is numbered, rows carry the numbers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from typing import Final, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import EVENTS, LINKS, LOGS, SPANS, Resource, Scope, Shape, SpanBatch
from tracemap.ledger import Count

K = TypeVar("K")

#: Columns of a batch with numbers of its own, and the store's columns with the ids they become.
_IDS: Final = {"shape_no": "shape_id", "resource_no": "resource_id", "scope_no": "scope_id"}

#: In place of a span's list of values, one text (``queries/schema/packed_span.sql``).
_PACKED: Final = "packed"
_BETWEEN: Final = "\x1f"
_MARK: Final = "\x1e"
#: With a type: to infer that of a text pyarrow looks for a module each time (measured: 0.15 ms).
_JOINT: Final = pa.scalar(_BETWEEN, pa.string())

_TEXTS: Final = pa.list_(pa.string())
BATCHES: Final = pa.schema(
    {
        "batch_id": pa.uint64(),
        "source_id": pa.uint32(),
        "received_ns": pa.int64(),
        "spans": pa.uint32(),
        "links": pa.uint32(),
        "events": pa.uint32(),
        "logs": pa.uint32(),
        "total": pa.uint64(),
    }
)
SHAPES: Final = pa.schema({"shape_id": pa.uint32(), "keys": _TEXTS, "types": pa.list_(pa.uint8())})
RESOURCES: Final = pa.schema(
    {
        "resource_id": pa.uint32(),
        "service": pa.string(),
        "namespace": pa.string(),
        "instance": pa.string(),
        "shape_id": pa.uint32(),
        "vals": _TEXTS,
        "schema_url": pa.string(),
        "dropped_attributes": pa.uint32(),
        "entity_refs": pa.string(),
    }
)
SCOPES: Final = pa.schema(
    {
        "scope_id": pa.uint32(),
        "name": pa.string(),
        "version": pa.string(),
        "shape_id": pa.uint32(),
        "vals": _TEXTS,
        "schema_url": pa.string(),
        "dropped_attributes": pa.uint32(),
    }
)


class Numbers(Generic[K]):
    """Numbers of one kind of thing: those in the database, and those that a write adds."""

    def __init__(self) -> None:
        self._known: dict[K, int] = {}
        self._next = 0

    def add(self, found: Mapping[K, int]) -> None:
        """What the database has a number for."""
        self._known.update(found)
        # Not their count: numbers are not given again while this process remembers them.
        self._next = max(self._next, 1 + max(found.values(), default=-1))

    def number(self, thing: K, fresh: dict[K, int]) -> int:
        """Its number; a new one is entered into ``fresh``, to be added once it is committed."""
        number = self._known.get(thing)
        if number is None:
            number = fresh.setdefault(thing, self._next + len(fresh))
        return number

    def items(self) -> Iterable[tuple[K, int]]:
        """Everything that has a number in the database."""
        return self._known.items()

    def drop(self, numbers: Collection[int]) -> None:
        """Forget what was deleted."""
        gone = frozenset(numbers)
        self._known = {thing: n for thing, n in self._known.items() if n not in gone}


class Interned:
    """What the database already has a number for."""

    def __init__(self) -> None:
        self.shapes: Numbers[Shape] = Numbers()
        self.resources: Numbers[Resource] = Numbers()
        self.scopes: Numbers[Scope] = Numbers()
        self.sources: dict[tuple[str, str], int] = {}


@dataclass(slots=True)
class Fresh:
    """What a write meets for the first time; part of ``known`` once it is committed."""

    known: Interned
    shapes: dict[Shape, int] = field(default_factory=dict)
    resources: dict[Resource, int] = field(default_factory=dict)
    scopes: dict[Scope, int] = field(default_factory=dict)

    def numbers(self, batch: SpanBatch) -> dict[str, pa.Array]:
        """What the batch's own numbers stand for: ids of the store, by column of the batch."""
        shapes = [self.known.shapes.number(shape, self.shapes) for shape in batch.shapes]
        resources = [
            self.known.resources.number(replace(r, shape=shapes[r.shape]), self.resources)
            for r in batch.resources
        ]
        scopes = [
            self.known.scopes.number(replace(s, shape=shapes[s.shape]), self.scopes)
            for s in batch.scopes
        ]
        ids = {"shape_no": shapes, "resource_no": resources, "scope_no": scopes}
        return {name: pa.array(column, pa.uint32()) for name, column in ids.items()}

    def tables(self) -> dict[str, pa.Table]:
        """Rows of the tables that have any, by name."""
        found = {}
        if self.shapes:
            found["shapes"] = shape_table(self.shapes)
        if self.resources:
            found["resources"] = resource_table(self.resources, self._keys())
        if self.scopes:
            found["scopes"] = scope_table(self.scopes)
        return found

    def keep(self) -> None:
        """It is committed."""
        self.known.shapes.add(self.shapes)
        self.known.resources.add(self.resources)
        self.known.scopes.add(self.scopes)

    def _keys(self) -> dict[int, tuple[str, ...]]:
        """Keys by shape id, for the shapes that the resources use."""
        wanted = {r.shape for r in self.resources}
        shapes = (self.known.shapes.items(), self.shapes.items())
        return {n: s.keys for part in shapes for s, n in part if n in wanted}


def numbered(table: pa.Table, batch_id: int, ids: Mapping[str, pa.Array]) -> pa.Table:
    """Rows of a batch as the store has them: its number, ids in place of the batch's own, and the
    values of a span packed."""
    schema = _stored(table.schema)
    columns = [pa.repeat(pa.scalar(batch_id, pa.uint64()), table.num_rows)]
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in ids:
            columns.append(ids[name].take(column))
        else:
            columns.append(packed(column) if _PACKED in schema.names and name == "vals" else column)
    return pa.Table.from_arrays(columns, schema=schema)


def packed(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists of texts as one text each, null for an empty one: ``schema/packed_span.sql``."""
    chunks = [_packed(chunk) for chunk in lists.chunks]
    return pa.chunked_array(chunks, pa.string())


def _packed(lists: pa.ListArray) -> pa.StringArray:
    data = lists.values.buffers()[2]
    held = b"" if data is None else data.to_pybytes()
    if _BETWEEN.encode() in held or _MARK.encode() in held:
        # Not to be guessed, so that nobody can send a value that holds it.
        between = secrets.token_hex(16)
        text = pc.binary_join_element_wise(
            pa.scalar(_MARK + between), pc.binary_join(lists, between), ""
        )
    else:
        text = pc.binary_join(lists, _JOINT)
    empty = np.diff(np.asarray(lists.offsets)) == 0
    return pc.if_else(pa.array(empty), pa.scalar(None, pa.string()), text) if empty.any() else text


@cache
def _stored(schema: pa.Schema) -> pa.Schema:
    """The schema of rows in the store, from that of rows in a batch."""
    fields = [field.with_name(_IDS.get(field.name, field.name)) for field in schema]
    if schema.equals(SPANS):
        fields[schema.get_field_index("vals")] = pa.field(_PACKED, pa.string())
    return pa.schema([pa.field("batch_id", pa.uint64(), nullable=False), *fields])


def batch_table(batches: Sequence[SpanBatch], count: Count, source_id: int) -> pa.Table:
    """Rows of store.batch, for what is written now; ``count`` is what was before."""
    return pa.Table.from_pydict(
        {
            "batch_id": range(count.batches + 1, count.batches + 1 + len(batches)),
            "source_id": [source_id] * len(batches),
            "received_ns": [time.time_ns()] * len(batches),
            "spans": [batch.spans.num_rows for batch in batches],
            "links": [batch.links.num_rows for batch in batches],
            "events": [batch.events.num_rows for batch in batches],
            "logs": [batch.logs.num_rows for batch in batches],
            "total": [count.records + upto for upto in accumulate(b.rows for b in batches)],
        },
        schema=BATCHES,
    )


def shape_table(shapes: dict[Shape, int]) -> pa.Table:
    """Rows of store.shape."""
    return pa.Table.from_pydict(
        {
            "shape_id": shapes.values(),
            "keys": [s.keys for s in shapes],
            "types": [s.types for s in shapes],
        },
        schema=SHAPES,
    )


def resource_table(resources: dict[Resource, int], keys: dict[int, tuple[str, ...]]) -> pa.Table:
    """Rows of store.resource; ``keys`` are those of each shape id that is used."""
    named = [dict(zip(keys[r.shape], r.values, strict=True)) for r in resources]
    return pa.Table.from_pydict(
        {
            "resource_id": resources.values(),
            # The specification's name for a service without one.
            "service": [n.get("service.name") or "unknown_service" for n in named],
            "namespace": [n.get("service.namespace") for n in named],
            "instance": [n.get("service.instance.id") for n in named],
            "shape_id": [r.shape for r in resources],
            "vals": [r.values for r in resources],
            "schema_url": [r.schema_url for r in resources],
            "dropped_attributes": [r.dropped_attributes for r in resources],
            "entity_refs": [r.entity_refs for r in resources],
        },
        schema=RESOURCES,
    )


def scope_table(scopes: dict[Scope, int]) -> pa.Table:
    """Rows of store.scope."""
    return pa.Table.from_pydict(
        {
            "scope_id": scopes.values(),
            "name": [s.name for s in scopes],
            "version": [s.version for s in scopes],
            "shape_id": [s.shape for s in scopes],
            "vals": [s.values for s in scopes],
            "schema_url": [s.schema_url for s in scopes],
            "dropped_attributes": [s.dropped_attributes for s in scopes],
        },
        schema=SCOPES,
    )


#: The tables that a write adds to, by name, with what their rows look like.
STORED: Final[Mapping[str, pa.Schema]] = {
    "batches": BATCHES,
    "shapes": SHAPES,
    "resources": RESOURCES,
    "scopes": SCOPES,
    "spans": _stored(SPANS),
    "links": _stored(LINKS),
    "events": _stored(EVENTS),
    "logs": _stored(LOGS),
}
