"""Spans and logs as the batches they came in: the way back from the store, in bounded memory.

Nothing is lost on it: ``collectors.otlp.encode`` makes of these batches the OTLP that came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tracemap import queries
from tracemap.batch import EVENTS, LINKS, LOGS, SPANS, Resource, Scope, Shape, SpanBatch
from tracemap.errors import NotFoundError
from tracemap.store import Store


@dataclass(frozen=True, slots=True)
class Places:
    """(batch_id, number in it) of spans or of log records, in this order."""

    kind: str  #: "span" or "log"
    batch_ids: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.uint32]


#: Rows read at once: few at first, then as many as make up about this many bytes.
_FIRST: Final = 200
_MOST: Final = 5_000
_BYTES: Final = 8 << 20

#: What becomes of a column of the store: its name in a batch.
_NUMBERS: Final = {"resource_id": "resource_no", "scope_id": "scope_no", "shape_id": "shape_no"}
_IDS: Final = ("trace_id", "linked_trace_id")
#: What is read of the spans or the log records at some places, themselves first.
_TABLES: Final = {
    "span": {"spans": SPANS, "links": LINKS, "events": EVENTS},
    "log": {"logs": LOGS},
}


def batches(store: Store, execution: str | None = None) -> Iterator[SpanBatch]:
    """Everything stored when this was called, or what is of one execution, copies included.

    Of an execution are its spans, and the log records of these and of spans that were never stored
    in traces which are its own alone.

    No snapshot is held meanwhile, so that a slow reader keeps no checkpoint waiting: spans that
    are forgotten during the export may or may not be in it. Raises NotFoundError when there is no
    such execution in the last analysis.
    """
    if execution is None:
        return _read(store, _ranges(store, store.last_batch()))
    with store.cursor() as cursor:
        spans = _places(cursor, "span", "execution_copies", execution=execution)
        logs = _places(cursor, "log", "execution_logs", execution=execution)
    if not len(spans.numbers):
        raise NotFoundError(f"there is no execution {execution!r}")
    return _read(store, [spans, logs])


def _ranges(store: Store, last: int) -> Iterator[Places]:
    """Where spans and log records stand, some batches at a time."""
    done = 0
    while done < last:
        with store.cursor() as cursor:
            rows = cursor.execute(
                queries.text("store/export_batches"), {"after": done, "most": _MOST}
            ).fetchall()
            rows = [row for row in rows if row[0] <= last]
            if not rows:
                return
            held = np.cumsum([records for _, records in rows])
            some = rows[: max(1, int(np.searchsorted(held, _MOST, side="right")))]
            bounds = {"first": max(done + 1, some[0][0]), "last": some[-1][0]}
            places = [_places(cursor, kind, f"export_{kind}_range", **bounds) for kind in _TABLES]
        done = some[-1][0]
        yield from places


def _places(cursor: duckdb.DuckDBPyConnection, kind: str, name: str, **params: object) -> Places:
    found = cursor.execute(queries.text(f"store/{name}"), params).fetchnumpy()
    return Places(kind, np.asarray(found["batch_id"]), np.asarray(found[f"{kind}_no"]))


def _read(store: Store, found: Iterable[Places]) -> Iterator[SpanBatch]:
    size = _FIRST
    for places in found:
        start = 0
        while start < len(places.numbers):
            part = slice(start, start + size)
            batch = _batch(store, Places(places.kind, places.batch_ids[part], places.numbers[part]))
            start = part.stop
            if not batch.rows:
                continue  # forgotten a moment ago
            held = (batch.spans, batch.links, batch.events, batch.logs)
            each = sum(table.nbytes for table in held) / batch.rows
            size = max(1, min(_MOST, size * 4, int(_BYTES / each)))
            yield batch


def _batch(store: Store, places: Places) -> SpanBatch:
    """What is at ``places`` with all that belongs to it, of one moment."""
    with store.cursor() as cursor:
        cursor.execute(queries.text("guard/begin_reading"))
        number = f"{places.kind}_no"
        cursor.register("wanted", pa.table({"batch_id": places.batch_ids, number: places.numbers}))
        bounds = {"first": int(places.batch_ids[0]), "last": int(places.batch_ids[-1])}

        def table(name: str) -> pa.Table:
            sql = queries.text(f"store/export_{name}")
            return cursor.sql(sql, params=bounds).to_arrow_table().combine_chunks()

        tables = {name: table(name) for name in _TABLES[places.kind]}
        records = next(iter(tables.values()))
        owners = [
            _rows(cursor, name, np.unique(records[column]))
            for name, column in (("resources", "resource_id"), ("scopes", "scope_id"))
        ]
        used = [np.asarray(t["shape_id"]) for t in tables.values()]
        used.append(np.asarray([r[1] for r in owners[0]], np.uint32))
        used.append(np.asarray([s[3] for s in owners[1]], np.uint32))
        shapes = _rows(cursor, "shapes", np.unique(np.concatenate(used)))
    of_shape = _numbering(shapes)
    numbers = {
        "shape_id": of_shape,
        "resource_id": _numbering(owners[0]),
        "scope_id": _numbering(owners[1]),
    }
    keys = _keys(records, number)
    columns = {
        name: _columns(found, _TABLES[places.kind][name], numbers, number, keys)
        for name, found in tables.items()
    }
    return SpanBatch(
        tuple(Shape(tuple(keys), tuple(types)) for _, keys, types in shapes),
        tuple(Resource(of_shape[s], tuple(v), *more) for _, s, v, *more in owners[0]),
        tuple(Scope(n, v, of_shape[s], tuple(vs), *more) for _, n, v, s, vs, *more in owners[1]),
        **{"spans": SPANS.empty_table(), **columns},
    )


def _rows(
    cursor: duckdb.DuckDBPyConnection, name: str, ids: npt.NDArray[Any]
) -> list[tuple[Any, ...]]:
    """The interned rows of these ids."""
    return cursor.execute(queries.text(f"store/export_{name}"), {"ids": ids.tolist()}).fetchall()


def _numbering(rows: list[tuple[Any, ...]]) -> dict[int, int]:
    return {row[0]: number for number, row in enumerate(rows)}


def _keys(table: pa.Table, number: str) -> npt.NDArray[np.uint64]:
    """(batch_id, number in it) as one number that sorts like the pair."""
    batch_ids = np.asarray(table["batch_id"]).astype(np.uint64)
    return (batch_ids << np.uint64(32)) | np.asarray(table[number]).astype(np.uint64)


def _columns(
    table: pa.Table,
    schema: pa.Schema,
    numbers: dict[str, dict[int, int]],
    position: str,
    records: npt.NDArray[np.uint64],
) -> pa.Table:
    """A table of the store as the batch has it: numbered within the batch, ids as UUIDs."""
    found = {}
    for name in table.column_names:
        column = table[name]
        if name == position:
            at = np.searchsorted(records, _keys(table, position))
            found[name] = pa.array(at.astype(np.uint32))
        elif name in numbers:
            ids, inverse = np.unique(np.asarray(column), return_inverse=True)
            of = np.asarray([numbers[name][i] for i in ids.tolist()], np.uint32)
            found[_NUMBERS[name]] = pa.array(of[inverse] if len(of) else inverse, pa.uint32())
        elif name in _IDS:
            fixed = column.cast(pa.binary(16)).combine_chunks()
            found[name] = pa.ExtensionArray.from_storage(pa.uuid(), fixed)
        elif name != "batch_id":
            found[name] = column
    return pa.table([found[name] for name in schema.names], schema=schema)
