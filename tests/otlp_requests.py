"""OTLP requests for tests: generated ones, and what a decoded batch must say of them.

The expectations are computed by walking protobuf messages one by one, without any of our decoding.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracemap.batch import SpanBatch, ValueType

Row = dict[str, Any]

TRACE = bytes(range(16))
SPAN = bytes(range(8, 16))


def request(*spans: Span, service: str = "shop") -> ExportTraceServiceRequest:
    """One request of one service."""
    message = ExportTraceServiceRequest()
    sent = message.resource_spans.add()
    sent.resource.attributes.add(key="service.name", value=AnyValue(string_value=service))
    sent.scope_spans.add().spans.extend(spans)
    return message


def span(name: str = "charge card", **fields: Any) -> Span:
    """A span that can be stored, with other fields as given."""
    return Span(**({"trace_id": TRACE, "span_id": SPAN, "name": name} | fields))


def body(*spans: Span) -> bytes:
    """One request of one service, serialised."""
    return request(*spans).SerializeToString()


def attribute(key: str, **value: Any) -> KeyValue:
    """One attribute: ``attribute("order.id", string_value="4711")``."""
    return KeyValue(key=key, value=AnyValue(**value))


def raw_body(*spans: bytes) -> bytes:
    """One request of serialised spans, for what message classes refuse to write."""
    return field(1, field(2, b"".join(field(2, one) for one in spans)))


def deep_attribute(key: str, depth: int, innermost: AnyValue) -> bytes:
    """A serialised KeyValue with maps within each other, ``depth`` of them.

    By hand: protobuf's own library stops at a hundred messages, which is fifty maps.
    """
    value = innermost.SerializeToString()
    for _ in range(depth):
        value = field(6, field(1, field(1, b"k") + field(2, value)))
    return field(1, key.encode()) + field(2, value)


def field(number: int, payload: bytes) -> bytes:
    """A protobuf field with its length."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def to_json(message: Message) -> dict[str, Any]:
    """A request as OTLP/JSON, by protobuf's own mapping and hex for the ids."""
    whole: dict[str, Any] = json_format.MessageToDict(message, use_integers_for_enums=True)
    _hex_ids(whole)
    return whole


def _hex_ids(item: Any) -> None:
    if isinstance(item, list):
        for element in item:
            _hex_ids(element)
    elif isinstance(item, dict):
        for key, value in item.items():
            if key in {"traceId", "spanId", "parentSpanId"}:
                item[key] = base64.b64decode(value).hex()
            else:
                _hex_ids(value)


# -- what a batch must say ------------------------------------------------------------------------


def rows_of_message(message: ExportTraceServiceRequest) -> list[Row]:
    """Every span of a request, field by field."""
    return [
        {
            "resource": {
                "attributes": [_pair(a) for a in sent.resource.attributes],
                "dropped": sent.resource.dropped_attributes_count,
                "schema_url": sent.schema_url,
                "entities": [json_format.MessageToDict(r) for r in sent.resource.entity_refs],
            },
            "scope": {
                "name": scoped.scope.name,
                "version": scoped.scope.version,
                "attributes": [_pair(a) for a in scoped.scope.attributes],
                "dropped": scoped.scope.dropped_attributes_count,
                "schema_url": scoped.schema_url,
            },
            "span": _span_row(one),
        }
        for sent in message.resource_spans
        for scoped in sent.scope_spans
        for one in scoped.spans
    ]


def _span_row(one: Span) -> Row:
    return {
        "trace_id": one.trace_id,
        "span_id": one.span_id,
        "parent": one.parent_span_id,
        "trace_state": one.trace_state,
        "flags": one.flags,
        "name": one.name,
        "kind": one.kind,
        "start": one.start_time_unix_nano,
        "end": one.end_time_unix_nano,
        "attributes": [_pair(a) for a in one.attributes],
        "dropped": (
            one.dropped_attributes_count,
            one.dropped_events_count,
            one.dropped_links_count,
        ),
        "status": (one.status.code, one.status.message),
        "events": [
            (e.time_unix_nano, e.name, e.dropped_attributes_count, [_pair(a) for a in e.attributes])
            for e in one.events
        ],
        "links": [
            (
                link.trace_id,
                link.span_id,
                link.trace_state,
                link.flags,
                link.dropped_attributes_count,
                [_pair(a) for a in link.attributes],
            )
            for link in one.links
        ],
    }


def _pair(pair: KeyValue) -> tuple[str, AnyValue]:
    return pair.key, pair.value


def rows_of_batch(batch: SpanBatch) -> list[Row]:
    """The same, from the columns."""
    events: dict[int, list[Row]] = {}
    links: dict[int, list[Row]] = {}
    for row in batch.events.to_pylist():
        assert row["position"] == len(events.setdefault(row["span_no"], []))
        events[row["span_no"]].append(row)
    for row in batch.links.to_pylist():
        assert row["position"] == len(links.setdefault(row["span_no"], []))
        links[row["span_no"]].append(row)
    found = []
    for number, row in enumerate(batch.spans.to_pylist()):
        assert row["span_no"] == number
        for child in [*events.get(number, ()), *links.get(number, ())]:
            assert (child["trace_id"], child["span_id"]) == (row["trace_id"], row["span_id"])
        resource, scope = batch.resources[row["resource_no"]], batch.scopes[row["scope_no"]]
        found.append(
            {
                "resource": {
                    "attributes": _pairs(batch, resource.shape, resource.values),
                    "dropped": resource.dropped_attributes,
                    "schema_url": resource.schema_url,
                    "entities": json.loads(resource.entity_refs or "[]"),
                },
                "scope": {
                    "name": scope.name,
                    "version": scope.version,
                    "attributes": _pairs(batch, scope.shape, scope.values),
                    "dropped": scope.dropped_attributes,
                    "schema_url": scope.schema_url,
                },
                "span": _batch_span(batch, row, events.get(number, []), links.get(number, [])),
            }
        )
    return found


def _batch_span(batch: SpanBatch, row: Row, events: list[Row], links: list[Row]) -> Row:
    parent = row["parent_span_id"]
    return {
        "trace_id": row["trace_id"].bytes,
        "span_id": row["span_id"].to_bytes(8),
        "parent": b"" if parent is None else parent.to_bytes(8),
        "trace_state": _absent_when_null(row["trace_state"]),
        "flags": row["flags"],
        "name": row["name"],
        "kind": row["kind"],
        "start": row["start_ns"],
        "end": row["end_ns"],
        "attributes": _pairs(batch, row["shape_no"], row["vals"]),
        "dropped": (row["dropped_attributes"], row["dropped_events"], row["dropped_links"]),
        "status": (row["status"], _absent_when_null(row["status_message"])),
        "events": [
            (
                e["time_ns"],
                e["name"],
                e["dropped_attributes"],
                _pairs(batch, e["shape_no"], e["vals"]),
            )
            for e in events
        ],
        "links": [
            (
                link["linked_trace_id"].bytes,
                link["linked_span_id"].to_bytes(8),
                _absent_when_null(link["trace_state"]),
                link["flags"],
                link["dropped_attributes"],
                _pairs(batch, link["shape_no"], link["vals"]),
            )
            for link in links
        ],
    }


def _absent_when_null(text: str | None) -> str:
    assert text != "", "empty text is stored as null"
    return text or ""


def _pairs(batch: SpanBatch, shape_no: int, texts: Any) -> list[tuple[str, AnyValue]]:
    shape = batch.shapes[shape_no]
    return [
        (key, value_of(ValueType(kind), text))
        for key, kind, text in zip(shape.keys, shape.types, texts, strict=True)
    ]


def value_of(kind: ValueType, text: str) -> AnyValue:
    """The AnyValue that a stored type and text stand for (``tracemap.batch.ValueType``)."""
    if kind == ValueType.EMPTY:
        assert text == ""
        return AnyValue()
    if kind == ValueType.STRING:
        return AnyValue(string_value=text)
    if kind == ValueType.BOOL:
        return AnyValue(bool_value={"true": True, "false": False}[text])
    if kind == ValueType.INT:
        return AnyValue(int_value=int(text))
    if kind == ValueType.DOUBLE:
        assert text in {"NaN", "Infinity", "-Infinity"} or math.isfinite(float(text))
        return AnyValue(double_value=float(text))
    if kind == ValueType.BYTES:
        return AnyValue(bytes_value=base64.b64decode(text, validate=True))
    if kind == ValueType.NESTED:
        return json_format.ParseDict(json.loads(text), AnyValue())
    value = _of_plain(json.loads(text))
    expected = {ValueType.ARRAY: "array_value", ValueType.KVLIST: "kvlist_value"}[kind]
    assert value.WhichOneof("value") == expected
    return value


def _of_plain(item: Any) -> AnyValue:
    value = AnyValue()
    if isinstance(item, bool):
        value.bool_value = item
    elif isinstance(item, int):
        value.int_value = item
    elif isinstance(item, float):
        value.double_value = item
    elif isinstance(item, str):
        value.string_value = item
    elif isinstance(item, list):
        value.array_value.SetInParent()
        value.array_value.values.extend(_of_plain(element) for element in item)
    elif isinstance(item, dict):
        value.kvlist_value.SetInParent()
        for key, element in item.items():
            value.kvlist_value.values.add(key=key, value=_of_plain(element))
    return value


def comparable(rows: list[Row]) -> str:
    """Rows as text: NaN equals NaN, and two values are equal when protobuf prints them alike."""
    return json.dumps(rows, indent=1, default=lambda o: o.hex() if isinstance(o, bytes) else str(o))


# -- generated requests ---------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.sampled_from(["order.id", "http.route", "n", ""]) | texts
trace_ids = st.binary(min_size=16, max_size=16).filter(any)
span_ids = st.binary(min_size=8, max_size=8).filter(any)
uint32 = st.integers(0, 2**32 - 1)
uint64 = st.integers(0, 2**64 - 1)


def _array(values: list[AnyValue]) -> AnyValue:
    value = AnyValue()
    value.array_value.SetInParent()
    value.array_value.values.extend(values)
    return value


def _kvlist(pairs: list[tuple[str, AnyValue]]) -> AnyValue:
    value = AnyValue()
    value.kvlist_value.SetInParent()
    for key, element in pairs:
        value.kvlist_value.values.add(key=key, value=element)
    return value


scalars = st.one_of(
    st.just(AnyValue()),
    texts.map(lambda x: AnyValue(string_value=x)),
    st.booleans().map(lambda x: AnyValue(bool_value=x)),
    st.integers(-(2**63), 2**63 - 1).map(lambda x: AnyValue(int_value=x)),
    st.floats().map(lambda x: AnyValue(double_value=x)),
    st.binary(max_size=6).map(lambda x: AnyValue(bytes_value=x)),
)
any_values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(_array),
        st.lists(st.tuples(keys, inner), max_size=3).map(_kvlist),
    ),
    max_leaves=4,
)
attribute_lists = st.lists(
    st.builds(lambda key, value: KeyValue(key=key, value=value), keys, any_values), max_size=4
)
_counts = st.just(0) | uint32
events = st.builds(
    Span.Event,
    time_unix_nano=uint64,
    name=texts,
    attributes=attribute_lists,
    dropped_attributes_count=_counts,
)
links = st.builds(
    Span.Link,
    trace_id=trace_ids,
    span_id=span_ids,
    trace_state=texts,
    attributes=attribute_lists,
    dropped_attributes_count=_counts,
    flags=uint32,
)
spans = st.builds(
    Span,
    trace_id=trace_ids,
    span_id=span_ids,
    parent_span_id=st.just(b"") | span_ids,
    trace_state=texts,
    flags=uint32,
    name=texts,
    kind=st.integers(0, 5),
    start_time_unix_nano=uint64,
    end_time_unix_nano=uint64,
    attributes=attribute_lists,
    dropped_attributes_count=_counts,
    events=st.lists(events, max_size=2),
    dropped_events_count=_counts,
    links=st.lists(links, max_size=2),
    dropped_links_count=_counts,
    status=st.builds(
        lambda code, message: {"code": code, "message": message}, st.integers(0, 2), texts
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> ExportTraceServiceRequest:
    """A request with every field of OTLP's traces."""
    message = ExportTraceServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        sent = message.resource_spans.add(schema_url=draw(texts))
        sent.resource.attributes.extend(draw(attribute_lists))
        sent.resource.dropped_attributes_count = draw(_counts)
        for _ in range(draw(st.integers(0, 1))):
            sent.resource.entity_refs.add(
                schema_url=draw(texts), type=draw(texts), id_keys=draw(st.lists(texts, max_size=2))
            )
        for _ in range(draw(st.integers(0, 2))):
            scoped = sent.scope_spans.add(schema_url=draw(texts))
            scoped.scope.name, scoped.scope.version = draw(texts), draw(texts)
            scoped.scope.attributes.extend(draw(attribute_lists))
            scoped.scope.dropped_attributes_count = draw(_counts)
            scoped.spans.extend(draw(st.lists(spans, max_size=3)))
    return message
