"""Batches as the tables of the store: what repeats is numbered, rows carry the numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tracemap import queries
from tracemap.batch import Resource, Scope, Shape
from tracemap.ledger import Count

K = TypeVar("K")


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
        self.count = Count(0, 0)


@dataclass(slots=True)
class Fresh:
    """What a write met for the first time; added to ``Interned`` once committed."""

    shapes: dict[Shape, int] = field(default_factory=dict)
    resources: dict[Resource, int] = field(default_factory=dict)
    scopes: dict[Scope, int] = field(default_factory=dict)


def numbered(table: pa.Table, batch_id: int, maps: dict[str, tuple[str, list[int]]]) -> pa.Table:
    """``table`` with the batch's own numbers replaced by the store's ids."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "batch_id": pa.repeat(pa.scalar(batch_id, pa.uint64()), table.num_rows)
    }
    for name in table.column_names:
        if name in maps:
            target, ids = maps[name]
            columns[target] = pc.take(pa.array(ids, pa.uint32()), table[name])
        else:
            columns[name] = table[name]
    return pa.table(columns)


def shape_table(shapes: dict[Shape, int]) -> pa.Table:
    """Rows of store.shape."""
    return pa.table(
        {
            "shape_id": pa.array(shapes.values(), pa.uint32()),
            "keys": pa.array([s.keys for s in shapes], pa.list_(pa.string())),
            "types": pa.array([s.types for s in shapes], pa.list_(pa.uint8())),
        }
    )


def resource_table(resources: dict[Resource, int], keys: dict[int, tuple[str, ...]]) -> pa.Table:
    """Rows of store.resource; ``keys`` are those of each shape id that is used."""
    named = [dict(zip(keys[r.shape], r.values, strict=True)) for r in resources]
    return pa.table(
        {
            "resource_id": pa.array(resources.values(), pa.uint32()),
            # The specification's name for a service without one.
            "service": pa.array([n.get("service.name") or "unknown_service" for n in named]),
            "namespace": pa.array([n.get("service.namespace") for n in named], pa.string()),
            "instance": pa.array([n.get("service.instance.id") for n in named], pa.string()),
            "shape_id": pa.array([r.shape for r in resources], pa.uint32()),
            "vals": pa.array([r.values for r in resources], pa.list_(pa.string())),
            "schema_url": pa.array([r.schema_url for r in resources], pa.string()),
            "dropped_attributes": pa.array([r.dropped_attributes for r in resources], pa.uint32()),
            "entity_refs": pa.array([r.entity_refs for r in resources], pa.string()),
        }
    )


def scope_table(scopes: dict[Scope, int]) -> pa.Table:
    """Rows of store.scope."""
    return pa.table(
        {
            "scope_id": pa.array(scopes.values(), pa.uint32()),
            "name": pa.array([s.name for s in scopes], pa.string()),
            "version": pa.array([s.version for s in scopes], pa.string()),
            "shape_id": pa.array([s.shape for s in scopes], pa.uint32()),
            "vals": pa.array([s.values for s in scopes], pa.list_(pa.string())),
            "schema_url": pa.array([s.schema_url for s in scopes], pa.string()),
            "dropped_attributes": pa.array([s.dropped_attributes for s in scopes], pa.uint32()),
        }
    )


def insert_table(cursor: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Insert rows into the store's table of that name, in the cursor's transaction."""
    if not table.num_rows:
        return
    cursor.register(f"incoming_{name}", table)
    try:
        cursor.execute(queries.text(f"store/insert_{name}"))
    finally:
        cursor.unregister(f"incoming_{name}")
