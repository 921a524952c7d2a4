"""Stored spans as the batches they came in: the way back from the store, in bounded memory.

Nothing is lost on it: ``collectors.otlp.encode`` makes of these batches the OTLP that came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tracemap import queries
from tracemap.batch import EVENTS, LINKS, SPANS, Resource, Scope, Shape, SpanBatch
from tracemap.errors import NotFoundError
from tracemap.store import Store

#: (batch_id, span_no) of spans, in this order.
Places = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]

#: Spans read at once: few at first, then as many as make up about this many bytes.
_FIRST: Final = 200
_MOST: Final = 5_000
_BYTES: Final = 8 << 20

#: What becomes of a column of the store: its name in a batch.
_NUMBERS: Final = {"resource_id": "resource_no", "scope_id": "scope_no", "shape_id": "shape_no"}
_IDS: Final = ("trace_id", "linked_trace_id")


def batches(store: Store, execution: str | None = None) -> Iterator[SpanBatch]:
    """Everything stored when this was called, or the spans of one execution, copies included.

    No snapshot is held meanwhile, so that a slow reader keeps no checkpoint waiting: spans that
    are forgotten during the export may or may not be in it. Raises NotFoundError when there is no
    such execution in the last analysis.
    """
    if execution is None:
        return _read(store, _ranges(store, store.last_batch()))
    with store.cursor() as cursor:
        places = _places(cursor, "execution_copies", execution=execution)
    if not len(places[0]):
        raise NotFoundError(f"there is no execution {execution!r}")
    return _read(store, [places])


def _ranges(store: Store, last: int) -> Iterator[Places]:
    """Where the spans stand, some batches at a time."""
    done = 0
    while done < last:
        with store.cursor() as cursor:
            rows = cursor.execute(
                queries.text("store/export_batches"), {"after": done, "most": _MOST}
            ).fetchall()
            rows = [row for row in rows if row[0] <= last]
            if not rows:
                return
            held = np.cumsum([spans for _, spans in rows])
            some = rows[: max(1, int(np.searchsorted(held, _MOST, side="right")))]
            places = _places(
                cursor, "export_range", first=max(done + 1, some[0][0]), last=some[-1][0]
            )
        done = some[-1][0]
        yield places


def _places(cursor: duckdb.DuckDBPyConnection, name: str, **params: object) -> Places:
    found = cursor.execute(queries.text(f"store/{name}"), params).fetchnumpy()
    return np.asarray(found["batch_id"]), np.asarray(found["span_no"])


def _read(store: Store, found: Iterable[Places]) -> Iterator[SpanBatch]:
    size = _FIRST
    for batch_ids, span_nos in found:
        start = 0
        while start < len(batch_ids):
            end = start + size
            batch = _batch(store, (batch_ids[start:end], span_nos[start:end]))
            start = end
            if not batch.spans.num_rows:
                continue  # forgotten a moment ago
            each = sum(t.nbytes for t in (batch.spans, batch.links, batch.events)) / len(
                batch.spans
            )
            size = max(1, min(_MOST, size * 4, int(_BYTES / each)))
            yield batch


def _batch(store: Store, places: Places) -> SpanBatch:
    """The spans at ``places`` with all that belongs to them, of one moment."""
    with store.cursor() as cursor:
        cursor.execute(queries.text("guard/begin_reading"))
        cursor.register("wanted", pa.table({"batch_id": places[0], "span_no": places[1]}))
        bounds = {"first": int(places[0][0]), "last": int(places[0][-1])}

        def table(name: str) -> pa.Table:
            sql = queries.text(f"store/export_{name}")
            return cursor.sql(sql, params=bounds).to_arrow_table().combine_chunks()

        spans, links, events = table("spans"), table("links"), table("events")
        owners = [
            _rows(cursor, name, np.unique(spans[column]))
            for name, column in (("resources", "resource_id"), ("scopes", "scope_id"))
        ]
        used = [np.asarray(t["shape_id"]) for t in (spans, links, events)]
        used.append(np.asarray([r[1] for r in owners[0]], np.uint32))
        used.append(np.asarray([s[3] for s in owners[1]], np.uint32))
        shapes = _rows(cursor, "shapes", np.unique(np.concatenate(used)))
    of_shape = _numbering(shapes)
    numbers = {
        "shape_id": of_shape,
        "resource_id": _numbering(owners[0]),
        "scope_id": _numbering(owners[1]),
    }
    keys = _keys(spans)
    return SpanBatch(
        tuple(Shape(tuple(keys), tuple(types)) for _, keys, types in shapes),
        tuple(Resource(of_shape[s], tuple(v), *more) for _, s, v, *more in owners[0]),
        tuple(Scope(n, v, of_shape[s], tuple(vs), *more) for _, n, v, s, vs, *more in owners[1]),
        *(
            _columns(t, schema, numbers, keys)
            for t, schema in ((spans, SPANS), (links, LINKS), (events, EVENTS))
        ),
    )


def _rows(
    cursor: duckdb.DuckDBPyConnection, name: str, ids: npt.NDArray[Any]
) -> list[tuple[Any, ...]]:
    """The interned rows of these ids."""
    return cursor.execute(queries.text(f"store/export_{name}"), {"ids": ids.tolist()}).fetchall()


def _numbering(rows: list[tuple[Any, ...]]) -> dict[int, int]:
    return {row[0]: number for number, row in enumerate(rows)}


def _keys(table: pa.Table) -> npt.NDArray[np.uint64]:
    """(batch_id, span_no) as one number that sorts like the pair."""
    batch_ids = np.asarray(table["batch_id"]).astype(np.uint64)
    return (batch_ids << np.uint64(32)) | np.asarray(table["span_no"]).astype(np.uint64)


def _columns(
    table: pa.Table,
    schema: pa.Schema,
    numbers: dict[str, dict[int, int]],
    spans: npt.NDArray[np.uint64],
) -> pa.Table:
    """A table of the store as the batch has it: numbered within the batch, ids as UUIDs."""
    found = {}
    for name in table.column_names:
        column = table[name]
        if name == "span_no":
            found[name] = pa.array(np.searchsorted(spans, _keys(table)).astype(np.uint32))
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
