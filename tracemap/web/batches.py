"""A ``SpanBatch`` as bytes: how ``tracemap import`` hands decoded files to a running server.

The file is read and decoded in the command's own process, so that a large import costs the server
no more than the commit. A JSON line (what repeats, and four lengths) is followed by the Arrow
streams of spans, links, events and logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import EVENTS, LINKS, LOGS, SPANS, Resource, Scope, Shape, SpanBatch
from tracemap.errors import PayloadError, ServerError

MEDIA_TYPE: Final = "application/vnd.tracemap.batch"
_TABLES: Final = (SPANS, LINKS, EVENTS, LOGS)
_LENGTH: Final = 8


def to_bytes(batch: SpanBatch) -> bytes:
    """The batch, whole; ``from_bytes`` reads it."""
    streams = [_stream(t) for t in _tables(batch)]
    head = {
        "shapes": [asdict(s) for s in batch.shapes],
        "resources": [asdict(r) for r in batch.resources],
        "scopes": [asdict(s) for s in batch.scopes],
        "lengths": [len(s) for s in streams],
    }
    return b"\n".join([orjson.dumps(head), b"".join(streams)])


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_bytes(body: bytes) -> SpanBatch:
    """What ``to_bytes`` wrote. Raises PayloadError for anything else, wrong references included."""
    head_bytes, _, rest = body.partition(b"\n")
    try:
        head = orjson.loads(head_bytes)
        shapes = tuple(Shape(_texts(s["keys"]), _numbers(s["types"])) for s in head["shapes"])
        resources = tuple(Resource(**_with_texts(r)) for r in head["resources"])
        scopes = tuple(Scope(**_with_texts(s)) for s in head["scopes"])
        tables, start = [], 0
        for length, schema in zip(head["lengths"], _TABLES, strict=True):
            with pa.ipc.open_stream(rest[start : start + length]) as reader:
                tables.append(_checked(reader.read_all(), schema))
            start += length
    except (ValueError, TypeError, KeyError, AttributeError, pa.ArrowException) as error:
        raise PayloadError(f"the body is not a batch of spans ({error})") from error
    batch = SpanBatch(shapes, resources, scopes, *tables)
    _check_references(batch)
    return batch


def framed(batch: SpanBatch) -> bytes:
    """The batch as a part of a stream: its length in eight bytes, then itself."""
    body = to_bytes(batch)
    return len(body).to_bytes(_LENGTH) + body


#: What a stream of batches ends with; one without it was cut off.
END: Final = bytes(_LENGTH)


def read_stream(parts: Iterable[bytes]) -> Iterator[SpanBatch]:
    """The batches of a stream that ``framed`` and ``END`` made up. Raises ServerError."""
    held = bytearray()
    size = None
    for part in parts:
        held += part
        while True:
            if size is None and len(held) >= _LENGTH:
                size = int.from_bytes(held[:_LENGTH])
                del held[:_LENGTH]
            if size == 0:
                return
            if size is None or len(held) < size:
                break
            yield from_bytes(bytes(held[:size]))
            del held[:size]
            size = None
    raise ServerError("the server's answer is cut off", do="see its log, and run it again")


def _texts(value: Any) -> tuple[str, ...]:
    if not all(isinstance(v, str) for v in value):
        raise TypeError("not a list of texts")
    return tuple(value)


def _numbers(value: Any) -> tuple[int, ...]:
    if not all(isinstance(v, int) for v in value):
        raise TypeError("not a list of numbers")
    return tuple(value)


def _with_texts(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "values": _texts(value["values"])}


def _checked(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if not table.schema.equals(schema):
        raise ValueError("its columns are not those of a batch")
    table.validate(full=True)
    return table


def _check_references(batch: SpanBatch) -> None:
    """Numbers that point at shapes, resources, scopes and spans must hit something."""
    targets = {
        "resource_no": len(batch.resources),
        "scope_no": len(batch.scopes),
        "shape_no": len(batch.shapes),
        "span_no": batch.spans.num_rows,
    }
    pointers = [
        (table[name], target)
        for table in _tables(batch)
        for name, target in targets.items()
        if name in table.column_names
    ]
    shapes = [*(r.shape for r in batch.resources), *(s.shape for s in batch.scopes)]
    wild = any(len(column) and pc.max(column).as_py() >= limit for column, limit in pointers)
    if wild or any(not 0 <= shape < len(batch.shapes) for shape in shapes):
        raise PayloadError("the body is not a batch of spans (it points at what is not there)")


def _tables(batch: SpanBatch) -> tuple[pa.Table, ...]:
    return batch.spans, batch.links, batch.events, batch.logs
