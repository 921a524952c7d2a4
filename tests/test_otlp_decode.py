"""Protobuf bytes -> columns: every field, every kind of value, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import otlp_requests as otlp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from otlp_requests import SPAN, TRACE, attribute, body, field, request, span, varint

from tracemap.batch import EVENTS, LINKS, SPANS, Resource, Scope, Shape, SpanBatch, ValueType
from tracemap.collectors.otlp import wire
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.limits import Limits
from tracemap.errors import PayloadError, TooLargeError, TracemapError


def one_of_everything() -> ExportTraceServiceRequest:
    message = ExportTraceServiceRequest()
    sent = message.resource_spans.add(schema_url="https://example.test/resource")
    sent.resource.attributes.append(attribute("service.name", string_value="payment"))
    sent.resource.attributes.append(attribute("process.pid", int_value=7))
    sent.resource.dropped_attributes_count = 1
    sent.resource.entity_refs.add(type="service", id_keys=["service.name"])
    scoped = sent.scope_spans.add(schema_url="https://example.test/scope")
    scoped.scope.name, scoped.scope.version = "shop", "1.2"
    scoped.scope.attributes.append(attribute("beta", bool_value=True))
    scoped.scope.dropped_attributes_count = 2
    one = scoped.spans.add(
        trace_id=TRACE,
        span_id=SPAN,
        parent_span_id=b"\xff" * 8,
        trace_state="ot=th:8",
        flags=257,
        name="charge card",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=1_700_000_000_000_000_001,
        end_time_unix_nano=2**64 - 1,
        dropped_attributes_count=3,
        dropped_events_count=4,
        dropped_links_count=5,
    )
    one.status.code = Status.STATUS_CODE_ERROR
    one.status.message = "declined"
    one.attributes.extend(
        [
            attribute("order.id", string_value="4711"),
            attribute("amount", double_value=129.5),
            attribute("tries", int_value=-1),
            attribute("express", bool_value=False),
            attribute("token", bytes_value=b"\x00\xff"),
            attribute("nothing"),
        ]
    )
    skus = attribute("skus")
    skus.value.array_value.values.add(string_value="A-1")
    skus.value.array_value.values.add(double_value=2.0)
    card = attribute("card")
    card.value.kvlist_value.values.add(key="last4", value=AnyValue(int_value=4242))
    raw = attribute("raw")
    raw.value.array_value.values.add(bytes_value=b"\x01")
    one.attributes.extend([skus, card, raw])
    one.events.add(time_unix_nano=5, name="retry", dropped_attributes_count=6).attributes.append(
        attribute("n", int_value=1)
    )
    one.links.add(
        trace_id=TRACE[::-1], span_id=SPAN[::-1], trace_state="a=b", flags=1
    ).attributes.append(attribute("why", string_value="batch"))
    return message


def test_every_field_has_its_column() -> None:
    batch = decode([one_of_everything().SerializeToString()])

    assert batch.spans.schema == SPANS
    assert batch.links.schema == LINKS
    assert batch.events.schema == EVENTS
    assert batch.shapes == (
        Shape(
            ("order.id", "amount", "tries", "express", "token", "nothing", "skus", "card", "raw"),
            (1, 4, 3, 2, 7, 0, 5, 6, 8),
        ),
        Shape(("n",), (3,)),
        Shape(("why",), (1,)),
        Shape(("service.name", "process.pid"), (1, 3)),
        Shape(("beta",), (2,)),
    )
    assert batch.resources == (
        Resource(
            shape=3,
            values=("payment", "7"),
            schema_url="https://example.test/resource",
            dropped_attributes=1,
            entity_refs='[{"type":"service","idKeys":["service.name"]}]',
        ),
    )
    assert batch.scopes == (Scope("shop", "1.2", 4, ("true",), "https://example.test/scope", 2),)
    trace, span_id = UUID(bytes=TRACE), int.from_bytes(SPAN)
    assert batch.spans.to_pylist() == [
        {
            "span_no": 0,
            "resource_no": 0,
            "scope_no": 0,
            "trace_id": trace,
            "span_id": span_id,
            "parent_span_id": 2**64 - 1,
            "trace_state": "ot=th:8",
            "flags": 257,
            "name": "charge card",
            "kind": 3,
            "start_ns": 1_700_000_000_000_000_001,
            "end_ns": 2**64 - 1,
            "shape_no": 0,
            "vals": [
                *("4711", "129.5", "-1", "false", "AP8=", ""),
                *('["A-1",2.0]', '{"last4":4242}'),
                '{"arrayValue":{"values":[{"bytesValue":"AQ=="}]}}',
            ],
            "dropped_attributes": 3,
            "dropped_events": 4,
            "dropped_links": 5,
            "status": 2,
            "status_message": "declined",
        }
    ]
    assert batch.events.to_pylist() == [
        {
            "span_no": 0,
            "position": 0,
            "trace_id": trace,
            "span_id": span_id,
            "time_ns": 5,
            "name": "retry",
            "shape_no": 1,
            "vals": ["1"],
            "dropped_attributes": 6,
        }
    ]
    assert batch.links.to_pylist() == [
        {
            "span_no": 0,
            "position": 0,
            "trace_id": trace,
            "span_id": span_id,
            "linked_trace_id": UUID(bytes=TRACE[::-1]),
            "linked_span_id": int.from_bytes(SPAN[::-1]),
            "trace_state": "a=b",
            "flags": 1,
            "shape_no": 2,
            "vals": ["batch"],
            "dropped_attributes": 0,
        }
    ]
    assert (batch.rejected, batch.reasons) == (0, ())


@given(otlp.requests())
def test_columns_say_what_protobuf_says(message: ExportTraceServiceRequest) -> None:
    batch = decode([message.SerializeToString()])
    assert otlp.comparable(otlp.rows_of_batch(batch)) == otlp.comparable(
        otlp.rows_of_message(message)
    )
    assert batch.rejected == 0


@given(st.lists(otlp.requests(), max_size=4))
def test_requests_decoded_together_are_the_same(messages: list[ExportTraceServiceRequest]) -> None:
    bodies = [message.SerializeToString() for message in messages]
    together = otlp.rows_of_batch(decode(bodies))
    apart = [row for one in bodies for row in otlp.rows_of_batch(decode([one]))]
    assert otlp.comparable(together) == otlp.comparable(apart)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (AnyValue(double_value=1.0), ValueType.DOUBLE, "1"),
        (AnyValue(double_value=-0.0), ValueType.DOUBLE, "-0"),
        (AnyValue(double_value=0.1), ValueType.DOUBLE, "0.1"),
        (AnyValue(double_value=5e-324), ValueType.DOUBLE, "5e-324"),
        (AnyValue(double_value=float("nan")), ValueType.DOUBLE, "NaN"),
        (AnyValue(double_value=float("inf")), ValueType.DOUBLE, "Infinity"),
        (AnyValue(double_value=float("-inf")), ValueType.DOUBLE, "-Infinity"),
        (AnyValue(int_value=-(2**63)), ValueType.INT, "-9223372036854775808"),
        (AnyValue(string_value=""), ValueType.STRING, ""),
        (AnyValue(bytes_value=b""), ValueType.BYTES, ""),
        (AnyValue(), ValueType.EMPTY, ""),
        # The profiling signal's reference into a table that traces do not have.
        (AnyValue(string_value_strindex=3), ValueType.EMPTY, ""),
    ],
)
def test_values_as_text_are_the_same_for_spans_and_resources(
    value: AnyValue, kind: ValueType, text: str
) -> None:
    message = request(span())
    message.resource_spans[0].resource.attributes.add(key="k", value=value)
    message.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="k", value=value)
    batch = decode([message.SerializeToString()])
    row = batch.spans.to_pylist()[0]
    assert batch.shapes[row["shape_no"]] == Shape(("k",), (kind,))
    assert row["vals"] == [text]
    resource = batch.resources[0]
    assert batch.shapes[resource.shape] == Shape(("service.name", "k"), (ValueType.STRING, kind))
    assert resource.values[1] == text


def test_an_attribute_without_a_value_is_kept() -> None:
    one = span()
    one.attributes.add(key="bare")
    batch = decode([body(one)])
    assert batch.shapes[0] == Shape(("bare",), (ValueType.EMPTY,))


def test_shapes_resources_and_scopes_are_interned() -> None:
    message = request(
        span(attributes=[attribute("n", int_value=5)]),
        span(attributes=[attribute("n", string_value="5")]),
        span(attributes=[attribute("n", int_value=6)]),
        span(),
        span(attributes=[attribute("n", int_value=5), attribute("m", int_value=5)]),
        span(attributes=[attribute("m", int_value=5), attribute("n", int_value=5)]),
    )
    message.resource_spans.append(message.resource_spans[0])
    batch = decode([message.SerializeToString()])
    numbers = batch.spans["shape_no"].to_pylist()
    assert numbers == numbers[:6] * 2
    assert len(set(numbers)) == 5
    assert numbers[0] == numbers[2] != numbers[1]
    assert len(batch.resources) == len(batch.scopes) == 1


@pytest.mark.parametrize(("given_kind", "stored"), [(5, 5), (6, 6), (255, 255), (256, 0), (-1, 0)])
def test_a_kind_beyond_the_enum(given_kind: int, stored: int) -> None:
    # kind = 6 (varint field), as a newer or a broken exporter may send it
    tail = b"\x30" + varint(given_kind & (2**64 - 1))
    raw = span().SerializeToString() + tail
    assert decode([otlp.raw_body(raw)]).spans["kind"].to_pylist() == [stored]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"trace_id": b""}, "the trace id has 0 bytes instead of 16"),
        ({"trace_id": TRACE[:8]}, "the trace id has 8 bytes instead of 16"),
        ({"trace_id": TRACE + b"x"}, "the trace id has 17 bytes instead of 16"),
        ({"trace_id": bytes(16)}, "the trace id is all zeros"),
        ({"span_id": b""}, "the span id has 0 bytes instead of 8"),
        ({"span_id": TRACE}, "the span id has 16 bytes instead of 8"),
        ({"span_id": bytes(8)}, "the span id is all zeros"),
        ({"parent_span_id": b"abc"}, "the parent span id has 3 bytes instead of 8"),
    ],
)
def test_a_span_that_cannot_be_stored_is_rejected_alone(fields: dict[str, Any], why: str) -> None:
    _rejects_only(span("bad", **fields).SerializeToString(), why)


@pytest.mark.parametrize("place", ["span", "event", "link"])
def test_a_value_nested_too_deep_rejects_its_span(place: str) -> None:
    deep = otlp.deep_attribute("deep", 65, AnyValue())
    tail = {
        "span": field(9, deep),
        "event": field(11, b"") + field(11, field(3, deep)),
        "link": field(13, field(1, TRACE) + field(2, SPAN) + field(4, deep)),
    }[place]
    raw = span("bad").SerializeToString() + tail
    _rejects_only(raw, 'attribute "deep" nests deeper than 64 levels')


def _rejects_only(bad: bytes, why: str) -> None:
    """Decode ``bad`` between two good spans."""
    link = {"trace_id": TRACE, "span_id": SPAN}
    event = Span.Event(name="e", attributes=[attribute("k", int_value=1)])
    good = span("good", attributes=[attribute("k", int_value=1)]).SerializeToString()
    later = span("later", events=[event], links=[link]).SerializeToString()
    batch = decode([otlp.raw_body(good, bad, later)])
    assert batch.spans["name"].to_pylist() == ["good", "later"]
    assert batch.spans["span_no"].to_pylist() == [0, 1]
    assert batch.events["span_no"].to_pylist() == batch.links["span_no"].to_pylist() == [1]
    assert (batch.rejected, batch.reasons) == (1, (f'span 2 of 3 ("bad"): {why}',))


def test_many_rejected_spans_are_counted_and_the_first_explained() -> None:
    bad = [span(f"bad {n}", span_id=b"") for n in range(20)]
    batch = decode([body(*bad, span("good"))])
    assert (batch.rejected, batch.spans.num_rows) == (20, 1)
    assert len(batch.reasons) == 5
    assert batch.reasons[4].startswith('span 5 of 21 ("bad 4")')


def test_what_only_rejected_spans_used_is_not_stored() -> None:
    message = request(span("bad", span_id=b""), service="gone")
    message.MergeFrom(request(span("good"), service="kept"))
    batch = decode([message.SerializeToString()])
    assert [resource.values for resource in batch.resources] == [("kept",)]
    everything = decode([body(span("bad", span_id=b""))])
    assert (everything.spans.num_rows, everything.rejected) == (0, 1)


def test_a_parent_of_zeros_is_none() -> None:
    batch = decode([body(span(parent_span_id=bytes(8)))])
    assert batch.spans["parent_span_id"].to_pylist() == [None]
    assert batch.rejected == 0


def test_a_link_that_points_nowhere_is_left_out_and_counted() -> None:
    links = [
        {"trace_id": TRACE, "span_id": SPAN, "attributes": [attribute("n", int_value=0)]},
        {"trace_id": TRACE, "span_id": b""},
        {"trace_id": bytes(16), "span_id": SPAN},
        {"trace_id": TRACE, "span_id": SPAN, "attributes": [attribute("n", int_value=3)]},
    ]
    batch = decode([body(span("other"), span("linked", links=links, dropped_links_count=7))])
    assert batch.links["position"].to_pylist() == [0, 3]
    assert batch.links["vals"].to_pylist() == [["0"], ["3"]]
    assert batch.spans["dropped_links"].to_pylist() == [0, 9]
    assert batch.rejected == 0, "the span itself is stored"
    assert batch.reasons == (
        'span 2 of 2 ("linked"): link 2 is left out: the span id has 0 bytes instead of 8',
    )


@pytest.mark.parametrize(
    ("innermost", "kind", "text"),
    [
        (AnyValue(string_value="deep"), ValueType.KVLIST, '{"k":"deep"}'),
        (AnyValue(bytes_value=b"x"), ValueType.NESTED, '{"key":"k","value":{"bytesValue":"eA=="}}'),
    ],
)
def test_nesting_up_to_the_limit_is_kept(innermost: AnyValue, kind: ValueType, text: str) -> None:
    deep = field(9, otlp.deep_attribute("deep", 64, innermost))
    batch = decode([otlp.raw_body(span().SerializeToString() + deep)])
    assert batch.shapes[0] == Shape(("deep",), (kind,))
    assert text in batch.spans["vals"].to_pylist()[0][0]


def test_too_many_nested_values_reject_their_span_only() -> None:
    many = AnyValue()
    many.array_value.values.extend([AnyValue()] * 11)
    limits = Limits(nested_values=10)
    bodies = [body(span("good"), span("bad", attributes=[{"key": "k", "value": many}]))]
    batch = decode(bodies, limits=limits)
    assert batch.spans["name"].to_pylist() == ["good"]
    assert "holds more than 10 values" in batch.reasons[0]


def test_no_spans_is_a_success() -> None:
    nothing: list[list[bytes]] = [[], [b""], [ExportTraceServiceRequest().SerializeToString(), b""]]
    for bodies in nothing:
        batch = decode(bodies)
        assert (batch.spans.num_rows, batch.rejected, batch.shapes) == (0, 0, ())
        assert batch.spans.schema == SPANS
    empty = ExportTraceServiceRequest()
    empty.resource_spans.add().scope_spans.add()
    assert decode([empty.SerializeToString()]).spans.num_rows == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello world",
        b'{"resourceSpans":[]}',
        b"<html></html>",
        bytes(10),
        b"\xff" * 40,
        b"\x10\x05",  # valid protobuf with nothing of ours in it
        body(span())[:-1],
        body(span())[: len(body(span())) // 2],
    ],
)
def test_bytes_that_are_not_otlp_get_one_sentence(garbage: bytes) -> None:
    with pytest.raises(PayloadError, match=r"^this is not an OTLP trace request \([^\n]*\)$"):
        decode([garbage])


def test_a_broken_resource_is_named() -> None:
    broken = b"\x0a\x03\xff\xff\xff"  # ResourceSpans.resource
    with pytest.raises(PayloadError, match="a resource is not valid protobuf"):
        decode([field(1, broken + field(2, field(2, span().SerializeToString())))])


def test_a_resource_beyond_its_limit_is_refused() -> None:
    with pytest.raises(TooLargeError, match="a resource has"):
        decode([body(span())], limits=Limits(resource=10))


_HOSTILE: dict[str, Callable[[int], bytes]] = {  # each empty message takes two bytes
    "attributes": lambda n: otlp.raw_body(b"\x4a\0" * n),
    "events": lambda n: otlp.raw_body(b"\x5a\0" * n),
    "links": lambda n: otlp.raw_body(b"\x6a\0" * n),
    "event attributes": lambda n: otlp.raw_body(field(11, b"\x1a\0" * n)),
    "spans": lambda n: field(1, field(2, b"\x12\0" * n)),
    "scopes": lambda n: field(1, b"\x12\0" * n),
    "resources": lambda n: b"\x0a\0" * n,
}


@pytest.mark.parametrize("what", _HOSTILE)
def test_a_body_of_empty_messages_is_counted_before_it_is_decoded(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotReached:
        def list_to_record_batch(self, bodies: list[bytes]) -> None:
            raise AssertionError("decoded before it was counted")

    monkeypatch.setattr(wire, "HANDLER", NotReached())
    hostile = _HOSTILE[what](2 * 1024 * 1024)
    with pytest.raises(TooLargeError, match=r"the request holds (at least )?\d+ "):
        decode([hostile])


_SPAN_FIELDS = [field.number for field in Span.DESCRIPTOR.fields]
_WRONG = {0: b"\x05", 1: b"\1" * 8, 2: b"\x02ab", 5: b"\1" * 4}


@pytest.mark.parametrize("wire_type", sorted(_WRONG))
@pytest.mark.parametrize("number", _SPAN_FIELDS)
def test_a_field_of_another_wire_type_reads_as_protobuf_reads_it(
    number: int, wire_type: int
) -> None:
    raw = span().SerializeToString() + varint(number << 3 | wire_type) + _WRONG[wire_type]
    payload = otlp.raw_body(raw)
    try:
        message = ExportTraceServiceRequest.FromString(payload)
    except Exception:  # noqa: BLE001 - whatever protobuf cannot read, we must refuse
        with pytest.raises(PayloadError):
            decode([payload])
        return
    batch = decode([payload])
    if not batch.reasons:
        assert otlp.comparable(otlp.rows_of_batch(batch)) == otlp.comparable(
            otlp.rows_of_message(message)
        )


@given(st.binary(max_size=200))
def test_random_bytes_never_do_more_than_fail(garbage: bytes) -> None:
    _decodes_or_refuses(garbage)


@given(otlp.requests(), st.data())
def test_damaged_requests_never_do_more_than_fail(
    message: ExportTraceServiceRequest, data: st.DataObject
) -> None:
    raw = bytearray(message.SerializeToString())
    for _ in range(data.draw(st.integers(1, 5))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _decodes_or_refuses(bytes(raw))


def _decodes_or_refuses(payload: bytes) -> None:
    try:
        batch: SpanBatch = decode([payload])
    except TracemapError as error:
        assert not re.search(r"\n", str(error))  # noqa: PT017 - any of several classes
    else:
        assert len(batch.spans["vals"]) == batch.spans.num_rows
