"""A ``SpanBatch`` -> OTLP again: what ``decode`` read, field by field, value types included.

JSON is written first, and protobuf made of it by the same code that reads requests, so that there
is one way in each direction. A request is ended once it is a few MiB, so that any reader takes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import orjson

from tracemap.batch import SpanBatch, ValueType
from tracemap.collectors.otlp.json import request_to_protobuf
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal

#: Bytes of spans or log records after which a request is ended.
_REQUEST: Final = 4 << 20

_Row = dict[str, Any]
#: The spans or log records of one resource and scope, each as JSON text.
_Group = tuple[int, int, list[orjson.Fragment]]


def to_json(batch: SpanBatch) -> Iterator[bytes]:
    """The batch as OTLP/JSON requests of bounded size, without line breaks."""
    for _, text in _requests(batch):
        yield text


def to_protobuf(batch: SpanBatch) -> Iterator[bytes]:
    """The batch as serialised requests of bounded size: first of traces, then of logs."""
    for signal, text in _requests(batch):
        yield request_to_protobuf(orjson.loads(text), signal)


def _requests(batch: SpanBatch) -> Iterator[tuple[Signal, bytes]]:
    writer = _Writer(batch)
    for signal, records in ((TRACES, writer.spans()), (LOGS, writer.logs())):
        groups: list[_Group] = []
        held = 0
        for resource_no, scope_no, text in records:
            if held and held + len(text) > _REQUEST:
                yield signal, writer.request(signal, groups)
                groups, held = [], 0
            if not groups or groups[-1][:2] != (resource_no, scope_no):
                groups.append((resource_no, scope_no, []))
            groups[-1][2].append(orjson.Fragment(text))
            held += len(text)
        if groups:
            yield signal, writer.request(signal, groups)


class _Writer:
    """Writes the parts of one batch."""

    def __init__(self, batch: SpanBatch) -> None:
        self._batch = batch
        self._resources = [
            _present(
                resource=_present(
                    attributes=self._attributes(r.shape, r.values),
                    droppedAttributesCount=r.dropped_attributes,
                    entityRefs=orjson.Fragment(r.entity_refs) if r.entity_refs else None,
                ),
                schemaUrl=r.schema_url,
            )
            for r in batch.resources
        ]
        self._scopes = [
            _present(
                scope=_present(
                    name=s.name,
                    version=s.version,
                    attributes=self._attributes(s.shape, s.values),
                    droppedAttributesCount=s.dropped_attributes,
                ),
                schemaUrl=s.schema_url,
            )
            for s in batch.scopes
        ]

    def request(self, signal: Signal, groups: list[_Group]) -> bytes:
        """One request of spans or log records grouped by resource and scope."""
        scopes, records = _LISTS[signal]
        resources: list[_Row] = []
        previous = None
        for resource_no, scope_no, texts in groups:
            if resource_no != previous:
                resources.append({**self._resources[resource_no], scopes: []})
                previous = resource_no
            resources[-1][scopes].append({**self._scopes[scope_no], records: texts})
        return orjson.dumps({signal.field: resources})

    def logs(self) -> Iterator[tuple[int, int, bytes]]:
        """(resource_no, scope_no, JSON) of each log record."""
        for row in self._batch.logs.to_pylist():
            yield row["resource_no"], row["scope_no"], orjson.dumps(self._log(row))

    def _log(self, row: _Row) -> _Row:
        has_body = row["body_type"] != ValueType.EMPTY
        return _present(
            timeUnixNano=_uint64(row["time_ns"]),
            observedTimeUnixNano=_uint64(row["observed_ns"]),
            severityNumber=row["severity"],
            severityText=row["severity_text"],
            body=_VALUES[row["body_type"]](row["body"]) if has_body else None,
            attributes=self._attributes(row["shape_no"], row["vals"]),
            droppedAttributesCount=row["dropped_attributes"],
            flags=row["flags"],
            traceId=row["trace_id"].hex,
            spanId=f"{row['span_id']:016x}",
            eventName=row["event_name"],
        )

    def spans(self) -> Iterator[tuple[int, int, bytes]]:
        """(resource_no, scope_no, JSON) of each span."""
        events = _by_span(self._batch.events.to_pylist())
        links = _by_span(self._batch.links.to_pylist())
        for row in self._batch.spans.to_pylist():
            number = row["span_no"]
            span = self._span(row, events.get(number, ()), links.get(number, ()))
            yield row["resource_no"], row["scope_no"], orjson.dumps(span)

    def _span(self, row: _Row, events: Sequence[_Row], links: Sequence[_Row]) -> _Row:
        parent = row["parent_span_id"]
        return _present(
            traceId=row["trace_id"].hex,
            spanId=f"{row['span_id']:016x}",
            traceState=row["trace_state"],
            parentSpanId=None if parent is None else f"{parent:016x}",
            flags=row["flags"],
            name=row["name"],
            kind=row["kind"],
            startTimeUnixNano=_uint64(row["start_ns"]),
            endTimeUnixNano=_uint64(row["end_ns"]),
            attributes=self._attributes(row["shape_no"], row["vals"]),
            droppedAttributesCount=row["dropped_attributes"],
            events=[self._event(event) for event in events],
            droppedEventsCount=row["dropped_events"],
            links=[self._link(link) for link in links],
            droppedLinksCount=row["dropped_links"],
            status=_present(code=row["status"], message=row["status_message"]),
        )

    def _event(self, row: _Row) -> _Row:
        return _present(
            timeUnixNano=_uint64(row["time_ns"]),
            name=row["name"],
            attributes=self._attributes(row["shape_no"], row["vals"]),
            droppedAttributesCount=row["dropped_attributes"],
        )

    def _link(self, row: _Row) -> _Row:
        return _present(
            traceId=row["linked_trace_id"].hex,
            spanId=f"{row['linked_span_id']:016x}",
            traceState=row["trace_state"],
            attributes=self._attributes(row["shape_no"], row["vals"]),
            droppedAttributesCount=row["dropped_attributes"],
            flags=row["flags"],
        )

    def _attributes(self, shape_no: int, texts: Sequence[str]) -> list[_Row]:
        shape = self._batch.shapes[shape_no]
        return [
            {"key": key, "value": _VALUES[kind](text)}
            for key, kind, text in zip(shape.keys, shape.types, texts, strict=True)
        ]


#: Under which names the scopes of a signal's resources, and their records, stand.
_LISTS: Final = {TRACES: ("scopeSpans", "spans"), LOGS: ("scopeLogs", "logRecords")}


def _present(**fields: Any) -> _Row:
    """The fields that are not at their defaults: OTLP/JSON leaves those out."""
    return {name: value for name, value in fields.items() if value}


def _by_span(rows: list[_Row]) -> dict[int, list[_Row]]:
    """Events or links by the span they belong to, in order."""
    found: dict[int, list[_Row]] = {}
    for row in sorted(rows, key=lambda row: row["position"]):
        found.setdefault(row["span_no"], []).append(row)
    return found


def _uint64(number: int) -> str:
    """64-bit integers are text in OTLP/JSON, zero is left out."""
    return str(number) if number else ""


def _nested(text: str) -> orjson.Fragment:
    """An array or a map kept as plain JSON, as an AnyValue."""
    # Not orjson: it stops at 254 levels, and one level here is four of JSON.
    value = _plain(orjson.loads(text))
    return orjson.Fragment(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _plain(value: Any) -> _Row:
    """A plain JSON value as an AnyValue; in plain JSON doubles have a point or an exponent."""
    if isinstance(value, dict):
        pairs = [{"key": key, "value": _plain(item)} for key, item in value.items()]
        return {"kvlistValue": {"values": pairs}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_plain(item) for item in value]}}
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue" if isinstance(value, float) else "stringValue": value}


def _double(text: str) -> _Row:
    special = text in ("NaN", "Infinity", "-Infinity")
    return {"doubleValue": text if special else float(text)}


#: How each type's text is written as an AnyValue (``tracemap.batch.ValueType``).
_VALUES: dict[int, Callable[[str], Any]] = {
    ValueType.EMPTY: lambda _: {},
    ValueType.STRING: lambda text: {"stringValue": text},
    ValueType.BOOL: lambda text: {"boolValue": text == "true"},
    ValueType.INT: lambda text: {"intValue": text},
    ValueType.DOUBLE: _double,
    ValueType.ARRAY: _nested,
    ValueType.KVLIST: _nested,
    ValueType.BYTES: lambda text: {"bytesValue": text},
    ValueType.NESTED: orjson.Fragment,
}
