"""The DuckDB file: opening, writing what collectors bring, and cursors to read it.

One process writes, any number of its threads read. Strings that repeat - attribute shapes,
resources, scopes - are interned here, in memory and in tables, and spans carry their numbers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tracemap import queries
from tracemap.batch import Resource, Scope, Shape, SpanBatch
from tracemap.errors import SchemaVersionError, StoreBusyError, StoreError
from tracemap.settings import Settings

#: Raised with every change of schema ``store``; other versions are refused, never guessed at.
SCHEMA_VERSION = "1"

SourceKind = Literal["live", "recorded"]

#: Checkpoints stall commits, so they are rare; measured in design section 4.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "checkpoint_threshold": "512MB",
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(slots=True)
class _Interned:
    """What the database already has a number for."""

    shapes: dict[Shape, int] = field(default_factory=dict)
    resources: dict[Resource, int] = field(default_factory=dict)
    scopes: dict[Scope, int] = field(default_factory=dict)
    sources: dict[tuple[str, str], int] = field(default_factory=dict)
    batches: int = 0


@dataclass(slots=True)
class _Fresh:
    """What a write met for the first time; entered into ``_Interned`` once committed."""

    shapes: dict[Shape, int] = field(default_factory=dict)
    resources: dict[Resource, int] = field(default_factory=dict)
    scopes: dict[Scope, int] = field(default_factory=dict)


class Store:
    """An open tracemap database. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._interned = self._load_interned()

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True) -> Store:
        """Open the database at ``path``, making it when absent and ``create`` is set.

        Raises StoreBusyError when another process holds the file, SchemaVersionError when
        another version of tracemap wrote it, StoreError when it is absent, unreadable, not
        writable or not a tracemap database.
        """
        path = Path(path)
        if not create and not path.exists():
            raise StoreError(
                "there is no database",
                where=str(path),
                do="start 'tracemap serve' or 'tracemap import FILE', or give another --db",
            )
        fresh = not path.exists()
        connection = _connect(path)
        try:
            _prepare(connection, path, fresh=fresh)
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Checkpoint and close. Closing twice is harmless."""
        self._connection.close()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        with self._lock:
            self.cursor().execute(queries.text("store/checkpoint"))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own transaction state; one per thread or request."""
        return self._connection.cursor()

    def settings(self) -> Settings:
        """What the user decided, or the defaults."""
        row = self.cursor().execute(queries.text("store/read_setting"), {"name": "settings"})
        found = row.fetchone()
        return Settings.from_json(found[0]) if found else Settings()

    def configure(self, settings: Settings) -> None:
        """Store ``settings`` for every later analysis."""
        cursor = self.cursor()
        with self._lock, transaction(cursor, self.path):
            cursor.execute(queries.text("store/delete_setting"), {"name": "settings"})
            cursor.execute(
                queries.text("store/insert_setting"),
                {"name": "settings", "value": settings.to_json()},
            )

    def last_batch(self) -> int:
        """The number of the newest committed batch; grows by one with each."""
        return self._interned.batches

    def missing_rows(self) -> list[tuple[int, int, int]]:
        """Batches whose counted and stored spans differ: (batch_id, counted, stored)."""
        return self.cursor().execute(queries.text("store/missing_rows")).fetchall()

    def write(
        self,
        batches: Sequence[SpanBatch],
        *,
        source: str = "live",
        kind: SourceKind = "live",
    ) -> None:
        """Write ``batches`` in one transaction; when this returns they are on disk.

        Raises StoreError (disk full, file gone); nothing of the batches is stored then.
        """
        batches = [b for b in batches if b.spans.num_rows]
        if not batches:
            return
        with self._lock:
            cursor = self.cursor()
            fresh = _Fresh()
            source_key = (source, kind)
            source_id = self._interned.sources.get(source_key)
            try:
                cursor.begin()
                if source_id is None:
                    source_id = len(self._interned.sources) + 1
                    cursor.execute(
                        queries.text("store/insert_source"),
                        {"source_id": source_id, "name": source, "kind": kind},
                    )
                self._insert(cursor, batches, source_id, fresh)
                cursor.commit()
            except duckdb.Error as error:
                _rollback(cursor)
                raise _write_error(self.path, error) from error
            except BaseException:
                _rollback(cursor)
                raise
            self._interned.sources[source_key] = source_id
            self._interned.shapes.update(fresh.shapes)
            self._interned.resources.update(fresh.resources)
            self._interned.scopes.update(fresh.scopes)
            self._interned.batches += len(batches)

    def _insert(
        self,
        cursor: duckdb.DuckDBPyConnection,
        batches: Sequence[SpanBatch],
        source_id: int,
        fresh: _Fresh,
    ) -> None:
        received_ns = time.time_ns()
        spans, links, events = [], [], []
        for number, batch in enumerate(batches, start=self._interned.batches + 1):
            shape_ids = self._shape_ids(batch.shapes, fresh)
            resource_ids = self._resource_ids(batch, shape_ids, fresh)
            scope_ids = self._scope_ids(batch, shape_ids, fresh)
            maps = {
                "shape_no": ("shape_id", shape_ids),
                "resource_no": ("resource_id", resource_ids),
                "scope_no": ("scope_id", scope_ids),
            }
            spans.append(_numbered(batch.spans, number, maps))
            links.append(_numbered(batch.links, number, maps))
            events.append(_numbered(batch.events, number, maps))
            cursor.execute(
                queries.text("store/insert_batch"),
                {
                    "batch_id": number,
                    "source_id": source_id,
                    "received_ns": received_ns,
                    "spans": batch.spans.num_rows,
                    "links": batch.links.num_rows,
                    "events": batch.events.num_rows,
                },
            )
        _insert_table(cursor, "shapes", _shape_table(fresh.shapes))
        _insert_table(cursor, "resources", _resource_table(fresh.resources, self._keys(fresh)))
        _insert_table(cursor, "scopes", _scope_table(fresh.scopes))
        _insert_table(cursor, "spans", pa.concat_tables(spans))
        _insert_table(cursor, "links", pa.concat_tables(links))
        _insert_table(cursor, "events", pa.concat_tables(events))

    def _keys(self, fresh: _Fresh) -> dict[int, tuple[str, ...]]:
        """Keys by shape id, for the shapes that fresh resources use."""
        wanted = {r.shape for r in fresh.resources}
        known = (self._interned.shapes, fresh.shapes)
        return {i: s.keys for d in known for s, i in d.items() if i in wanted} if wanted else {}

    def _shape_ids(self, shapes: Iterable[Shape], fresh: _Fresh) -> list[int]:
        known = self._interned.shapes
        ids = []
        for shape in shapes:
            number = known.get(shape)
            if number is None:
                number = fresh.shapes.setdefault(shape, len(known) + len(fresh.shapes))
            ids.append(number)
        return ids

    def _resource_ids(self, batch: SpanBatch, shapes: list[int], fresh: _Fresh) -> list[int]:
        known = self._interned.resources
        ids = []
        for r in batch.resources:
            stored = Resource(
                shapes[r.shape], r.values, r.schema_url, r.dropped_attributes, r.entity_refs
            )
            number = known.get(stored)
            if number is None:
                number = fresh.resources.setdefault(stored, len(known) + len(fresh.resources))
            ids.append(number)
        return ids

    def _scope_ids(self, batch: SpanBatch, shapes: list[int], fresh: _Fresh) -> list[int]:
        known = self._interned.scopes
        ids = []
        for s in batch.scopes:
            stored = Scope(
                s.name, s.version, shapes[s.shape], s.values, s.schema_url, s.dropped_attributes
            )
            number = known.get(stored)
            if number is None:
                number = fresh.scopes.setdefault(stored, len(known) + len(fresh.scopes))
            ids.append(number)
        return ids

    def _load_interned(self) -> _Interned:
        cursor = self.cursor()

        def rows(name: str) -> list[tuple[object, ...]]:
            return cursor.execute(queries.text(name)).fetchall()

        found = _Interned()
        for number, keys, types in rows("store/read_shapes"):
            found.shapes[Shape(tuple(keys), tuple(types))] = number  # type: ignore[arg-type,assignment]
        for number, shape, values, *rest in rows("store/read_resources"):
            found.resources[Resource(shape, tuple(values), *rest)] = number  # type: ignore[arg-type,assignment]
        for number, name, version, shape, values, *rest in rows("store/read_scopes"):
            scope = Scope(name, version, shape, tuple(values), *rest)  # type: ignore[arg-type]
            found.scopes[scope] = number  # type: ignore[assignment]
        for number, name, kind in rows("store/read_sources"):
            found.sources[(name, kind)] = number  # type: ignore[index,assignment]
        found.batches = rows("store/last_batch")[0][0]  # type: ignore[assignment]
        return found


@contextmanager
def transaction(
    cursor: duckdb.DuckDBPyConnection, path: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction of ``cursor``: committed at the end, undone on an error.

    Raises StoreError where the disk or the memory did not suffice; what is wrong with a statement
    is raised as it is.
    """
    cursor.begin()
    try:
        yield cursor
        cursor.commit()
    except _FAILED as error:
        _rollback(cursor)
        raise _write_error(path, error) from error
    except BaseException:
        _rollback(cursor)
        raise


#: What DuckDB raises when it could not do what was right to ask.
_FAILED = (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), config=_CONFIG)
    except duckdb.IOException as error:
        text = str(error)
        if "lock" in text.lower():
            raise StoreBusyError(
                "another process has the database open",
                where=str(path),
                do="stop it, or query through it if it is 'tracemap serve'",
            ) from error
        if "not a valid duckdb" in text.lower():
            raise StoreError(
                "this file is not a tracemap database", where=str(path), do="give another --db"
            ) from error
        raise StoreError(_first_line(error), where=str(path), do="check the path") from error
    except duckdb.Error as error:
        raise StoreError(_first_line(error), where=str(path), do="check the path") from error


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path, *, fresh: bool) -> None:
    """Check the schema's version, or make the schema in a database that is still empty."""

    def count(name: str) -> int:
        row = connection.execute(queries.text(name)).fetchone()
        return int(row[0]) if row else 0

    if count("store/has_meta"):
        meta = dict(connection.execute(queries.text("store/read_meta")).fetchall())
        version = meta.get("schema_version", "?")
        if version != SCHEMA_VERSION:
            raise SchemaVersionError(
                f"the database has schema version {version}, this tracemap reads {SCHEMA_VERSION}",
                where=str(path),
                do="use the tracemap that wrote it, or import its sources into a new --db",
            )
        return
    if not fresh and count("store/count_objects"):
        raise StoreError(
            "this DuckDB file holds other tables and is not a tracemap database",
            where=str(path),
            do="give another --db",
        )
    connection.begin()
    for name in queries.SCHEMA:
        connection.execute(queries.text(f"schema/{name}"))
    facts = {"schema_version": SCHEMA_VERSION, "created_at_ns": str(time.time_ns())}
    for name, value in facts.items():
        connection.execute(queries.text("store/insert_meta"), {"name": name, "value": value})
    connection.commit()


def _numbered(table: pa.Table, batch_id: int, maps: dict[str, tuple[str, list[int]]]) -> pa.Table:
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


def _shape_table(shapes: dict[Shape, int]) -> pa.Table:
    return pa.table(
        {
            "shape_id": pa.array(shapes.values(), pa.uint32()),
            "keys": pa.array([s.keys for s in shapes], pa.list_(pa.string())),
            "types": pa.array([s.types for s in shapes], pa.list_(pa.uint8())),
        }
    )


def _resource_table(resources: dict[Resource, int], keys: dict[int, tuple[str, ...]]) -> pa.Table:
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


def _scope_table(scopes: dict[Scope, int]) -> pa.Table:
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


def _insert_table(cursor: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    if not table.num_rows:
        return
    cursor.register(f"incoming_{name}", table)
    try:
        cursor.execute(queries.text(f"store/insert_{name}"))
    finally:
        cursor.unregister(f"incoming_{name}")


def _rollback(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.Error:
        # A failed commit has already rolled back; there is nothing left to undo.
        return


def _write_error(path: Path | None, error: duckdb.Error) -> StoreError:
    text = _first_line(error)
    where = None if path is None else str(path)
    if "no space" in text.lower() or "disk" in text.lower():
        return StoreError("the disk is full", where=where, do="free space; it recovers then")
    return StoreError(f"could not write: {text}", where=where, do="try it again")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
