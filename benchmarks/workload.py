"""A generated workload for benchmarks: five order-like workflows on twenty services.

Every execution has 21 spans in three traces, the first eight deep: a synchronous part, a hand-off
by link, one by parent, and a notification by link, of which 1% come in batches of 200, 5% have lost
their context so that only ``order.id`` is left, and in 1% of executions the message is lost.
Spans are made as Arrow columns and written straight into a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tracemap.batch import LINKS, SPANS, Resource, Scope, Shape, SpanBatch, ValueType

SPANS_PER_EXECUTION = 21
WORKFLOWS = 5
MS = 1_000_000
_INTERNAL, _SERVER, _CLIENT, _PRODUCER, _CONSUMER = 1, 2, 3, 4, 5
_START_NS = 1_760_000_000_000_000_000


@dataclass(frozen=True)
class _Kind:
    """One span of every execution: where it hangs, who sends it, what it carries."""

    trace: int
    parent: int | None
    service: int  # of the workflow's four
    kind: int
    name: str
    start_ms: float
    lasts_ms: float
    attributes: tuple[str, ...] = ()


_MESSAGE = (
    "messaging.system",
    "messaging.destination.name",
    "messaging.operation.type",
    "messaging.message.id",
)
_HTTP = ("http.request.method", "http.route", "http.response.status_code", "server.address")
_KINDS = (
    _Kind(0, None, 0, _SERVER, "POST /orders", 0, 90, ("order.id", "customer.id", *_HTTP)),
    _Kind(0, 0, 0, _INTERNAL, "validate", 1, 80),
    _Kind(0, 1, 0, _CLIENT, "POST", 2, 40, _HTTP),
    _Kind(0, 2, 1, _SERVER, "POST /charge", 3, 38, _HTTP),
    _Kind(0, 3, 1, _INTERNAL, "charge", 4, 30),
    _Kind(0, 4, 1, _INTERNAL, "authorise", 5, 20),
    _Kind(0, 5, 1, _INTERNAL, "record", 6, 15),
    _Kind(0, 6, 1, _CLIENT, "INSERT charges", 7, 5, ("db.system.name", "db.namespace")),
    _Kind(0, 1, 0, _PRODUCER, "send placed", 50, 2, _MESSAGE),
    _Kind(1, None, 2, _CONSUMER, "process placed", 120, 60, ("order.id", *_MESSAGE)),
    _Kind(1, 9, 2, _INTERNAL, "pick", 121, 50),
    _Kind(1, 10, 2, _CLIENT, "POST", 122, 30, _HTTP),
    _Kind(1, 11, 3, _SERVER, "POST /reserve", 123, 28, _HTTP),
    _Kind(1, 12, 3, _INTERNAL, "reserve", 124, 20),
    _Kind(1, 13, 3, _CLIENT, "UPDATE stock", 125, 5, ("db.system.name", "db.namespace")),
    _Kind(1, 10, 2, _PRODUCER, "send picked", 160, 2, _MESSAGE),
    _Kind(1, 15, 3, _CONSUMER, "process picked", 200, 40, _MESSAGE),
    _Kind(1, 16, 3, _INTERNAL, "pack", 201, 30),
    _Kind(1, 17, 3, _PRODUCER, "send packed", 220, 2, _MESSAGE),
    _Kind(2, None, 0, _CONSUMER, "process packed", 300, 20, ("order.id", *_MESSAGE)),
    _Kind(2, 19, 0, _INTERNAL, "notify", 301, 10),
)
_NOTIFY = 19
_PACKED = 18
#: consumer -> the producer it links to
_LINKED = {9: 8, 19: 18}


@dataclass(frozen=True)
class Late:
    """Executions, by number, whose second trace, of ten spans, is left out (or, where ``arrives``,
    all that there is): what happened to them last has not been told yet."""

    executions: frozenset[int]
    arrives: bool = False


def batches(
    executions: int, *, seed: int = 1, chunk: int = 25_000, late: Late | None = None
) -> Iterator[SpanBatch]:
    """Batches of at most ``chunk`` executions with their links; the same for the same seed."""
    for first in range(0, executions, chunk):
        count = min(chunk, executions - first)
        if late and late.arrives and not late.executions & set(range(first, first + count)):
            continue
        yield _batch(np.random.default_rng((seed, first)), first, count, late)


def _batch(rng: np.random.Generator, first: int, count: int, late: Late | None = None) -> SpanBatch:
    ids = np.arange(first, first + count)
    workflow = ids % WORKFLOWS
    traces = rng.integers(0, 256, (3, count, 16), dtype=np.uint8)
    spans = rng.integers(1, 2**63, (len(_KINDS), count), dtype=np.uint64)
    # One order every 2 ms; what happens in it jitters by a third.
    begin = _START_NS + ids.astype(np.int64) * 2 * MS
    stretch = rng.uniform(0.7, 1.3, count)
    lost = rng.random(count) < 0.01
    contextless = rng.random(count) < 0.05
    batched = (ids // 200) % 100 == 7  # 1% of orders, 200 neighbours a batch
    keep = {k: np.ones(count, bool) for k in range(len(_KINDS))}
    keep[_NOTIFY] = keep[_NOTIFY + 1] = ~lost & ~batched
    if late:
        mask = np.isin(ids, list(late.executions))
        for n, kind in enumerate(_KINDS):
            keep[n] &= mask & (kind.trace == 1) if late.arrives else ~(mask & (kind.trace == 1))
    shapes = [Shape(k.attributes, tuple(_type(a) for a in k.attributes)) for k in _KINDS]
    resources, scopes = _senders(shapes)
    tables = [
        _span_table(n, ids, workflow, traces, spans, begin, stretch, keep[n])
        for n in range(len(_KINDS))
        if keep[n].any()
    ]
    linked = [
        _link_table(a, b, traces, spans, keep[a] & ~(contextless & (a == _NOTIFY)))
        for a, b in _LINKED.items()
    ]
    if not (late and late.arrives):
        table, links = _batch_consumers(rng, ids, workflow, traces, spans, begin, batched & ~lost)
        tables.append(table)
        linked.append(links)
    out = pa.concat_tables(tables)
    number = {int(s): n for n, s in enumerate(out["span_id"].to_numpy())}
    out = out.set_column(0, SPANS.field(0), pa.array(np.arange(len(out)), pa.uint32()))
    joined = pa.concat_tables(linked)
    nos = np.array([number[int(s)] for s in joined["span_id"].to_numpy()], dtype=np.uint32)
    joined = joined.set_column(0, LINKS.field(0), pa.array(nos, pa.uint32()))
    return SpanBatch(shapes, resources, scopes, out.cast(SPANS), joined.cast(LINKS))


def _type(attribute: str) -> int:
    return ValueType.INT if attribute == "http.response.status_code" else ValueType.STRING


def _senders(shapes: list[Shape]) -> tuple[list[Resource], list[Scope]]:
    shapes.append(Shape(("service.name", "service.instance.id", "team"), (ValueType.STRING,) * 3))
    names = [f"{role}-{w}" for w in range(WORKFLOWS) for role in ("orders", "pay", "pick", "ship")]
    resources = [Resource(len(shapes) - 1, (n, f"{n}-a", f"team-{n}")) for n in names]
    shapes.append(Shape((), ()))
    return resources, [Scope("workload", "1", len(shapes) - 1, ())]


def _uuids(raw: np.ndarray) -> pa.Array:
    data = np.ascontiguousarray(raw)
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(data), [None, pa.py_buffer(data)]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), fixed)


def _values(kind: _Kind, n: int, ids: np.ndarray, workflow: np.ndarray) -> pa.Array:
    made: list[np.ndarray] = []
    for name in kind.attributes:
        if name == "order.id":
            made.append(np.char.add("order-", ids.astype(str)))
        elif name == "customer.id":
            made.append(np.char.add("customer-", (ids % 5003).astype(str)))
        elif name == "messaging.message.id":
            which = {9: 8, 16: 15, 19: 18}.get(n, n)
            made.append(np.char.add(f"m{which:02}-", np.char.zfill(ids.astype(str), 12)))
        elif name == "messaging.destination.name":
            topic = kind.name.split()[1]
            made.append(np.char.add(f"{topic}-", workflow.astype(str)))
        elif name == "messaging.operation.type":
            made.append(np.full(len(ids), kind.name.split()[0]))
        else:
            constant = {"http.response.status_code": "200", "messaging.system": "kafka"}
            made.append(np.full(len(ids), constant.get(name, name.split(".")[-1])))
    width = len(made)
    flat = np.stack(made, axis=1).ravel() if made else np.array([], str)
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * width
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.string()))


def _span_table(
    n: int,
    ids: np.ndarray,
    workflow: np.ndarray,
    traces: np.ndarray,
    spans: np.ndarray,
    begin: np.ndarray,
    stretch: np.ndarray,
    keep: np.ndarray,
) -> pa.Table:
    kind = _KINDS[n]
    count = int(keep.sum())
    start = (begin + kind.start_ms * MS * stretch).astype(np.uint64)[keep]
    end = start + (kind.lasts_ms * MS * stretch).astype(np.uint64)[keep]
    parent = spans[kind.parent][keep] if kind.parent is not None else None
    zeros = pa.array(np.zeros(count), pa.uint32())
    return pa.table(
        {
            "span_no": zeros,
            "resource_no": pa.array((workflow * 4 + kind.service)[keep], pa.uint32()),
            "scope_no": zeros,
            "trace_id": _uuids(traces[kind.trace][keep]),
            "span_id": pa.array(spans[n][keep]),
            "parent_span_id": pa.nulls(count, pa.uint64()) if parent is None else pa.array(parent),
            "trace_state": pa.nulls(count, pa.string()),
            "flags": zeros,
            "name": pa.array(np.full(count, kind.name)),
            "kind": pa.array(np.full(count, kind.kind), pa.uint8()),
            "start_ns": pa.array(start),
            "end_ns": pa.array(end),
            "shape_no": pa.array(np.full(count, n), pa.uint32()),
            "vals": _values(kind, n, ids[keep], workflow[keep]),
            "dropped_attributes": zeros,
            "dropped_events": zeros,
            "dropped_links": zeros,
            "status": pa.array(np.zeros(count), pa.uint8()),
            "status_message": pa.nulls(count, pa.string()),
        }
    ).cast(SPANS)


def _link_table(
    consumer: int, producer: int, traces: np.ndarray, spans: np.ndarray, keep: np.ndarray
) -> pa.Table:
    return _links(
        traces[_KINDS[consumer].trace][keep],
        spans[consumer][keep],
        traces[_KINDS[producer].trace][keep],
        spans[producer][keep],
    )


def _links(
    trace: np.ndarray, span: np.ndarray, linked_trace: np.ndarray, linked_span: np.ndarray
) -> pa.Table:
    count = len(span)
    zeros = pa.array(np.zeros(count), pa.uint32())
    empty = pa.ListArray.from_arrays(
        pa.array(np.zeros(count + 1, dtype=np.int32)), pa.array([], pa.string())
    )
    return pa.table(
        {
            "span_no": zeros,
            "position": zeros,
            "trace_id": _uuids(trace),
            "span_id": pa.array(span),
            "linked_trace_id": _uuids(linked_trace),
            "linked_span_id": pa.array(linked_span),
            "trace_state": pa.nulls(count, pa.string()),
            "flags": zeros,
            "shape_no": pa.array(np.full(count, len(_KINDS) + 1), pa.uint32()),
            "vals": empty,
            "dropped_attributes": zeros,
        }
    ).cast(LINKS)


def _batch_consumers(
    rng: np.random.Generator,
    ids: np.ndarray,
    workflow: np.ndarray,
    traces: np.ndarray,
    spans: np.ndarray,
    begin: np.ndarray,
    batched: np.ndarray,
) -> tuple[pa.Table, pa.Table]:
    """One CONSUMER span a workflow and batch, linked to all the messages it took."""
    place = np.flatnonzero(batched)
    group = (ids[place] // 200) * WORKFLOWS + workflow[place]
    found, inverse = np.unique(group, return_inverse=True)
    count = len(found)
    own_traces = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    own_spans = rng.integers(1, 2**63, count, dtype=np.uint64)
    last = np.zeros(count, np.int64)
    np.maximum.at(last, inverse, begin[place])
    zeros = pa.array(np.zeros(count), pa.uint32())
    topic = np.char.add("packed-", (found % WORKFLOWS).astype(str))
    fixed = [np.full(count, v) for v in ("kafka", "process", "batch")]
    flat = np.stack([fixed[0], topic, fixed[1], fixed[2]], axis=1).ravel()
    offsets = np.arange(count + 1, dtype=np.int32) * 4
    table = pa.table(
        {
            "span_no": zeros,
            "resource_no": pa.array((found % WORKFLOWS) * 4, pa.uint32()),
            "scope_no": zeros,
            "trace_id": _uuids(own_traces),
            "span_id": pa.array(own_spans),
            "parent_span_id": pa.nulls(count, pa.uint64()),
            "trace_state": pa.nulls(count, pa.string()),
            "flags": zeros,
            "name": pa.array(np.full(count, "process packed")),
            "kind": pa.array(np.full(count, _CONSUMER), pa.uint8()),
            "start_ns": pa.array((last + 400 * MS).astype(np.uint64)),
            "end_ns": pa.array((last + 430 * MS).astype(np.uint64)),
            "shape_no": pa.array(np.full(count, 15), pa.uint32()),
            "vals": pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.string())),
            "dropped_attributes": zeros,
            "dropped_events": zeros,
            "dropped_links": zeros,
            "status": pa.array(np.zeros(count), pa.uint8()),
            "status_message": pa.nulls(count, pa.string()),
        }
    ).cast(SPANS)
    links = _links(
        own_traces[inverse],
        own_spans[inverse],
        traces[_KINDS[_PACKED].trace][place],
        spans[_PACKED][place],
    )
    return table, links
