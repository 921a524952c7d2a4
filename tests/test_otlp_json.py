"""OTLP/JSON is read as the specification has it, and says the same as protobuf."""

from __future__ import annotations

import json
from typing import Any

import orjson
import otlp_requests as otlp
import pytest
from hypothesis import given
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.collectors.otlp.limits import Limits
from tracemap.errors import PayloadError, TooLargeError

TRACE_HEX = otlp.TRACE.hex()
SPAN_HEX = otlp.SPAN.hex()


def body(**fields: Any) -> bytes:
    """A request of one span that can be stored, with fields added or replaced."""
    one = {"traceId": TRACE_HEX, "spanId": SPAN_HEX, "name": "charge card"} | fields
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}).encode()


def read(**fields: Any) -> Any:
    """The protobuf span that such a request becomes."""
    message = ExportTraceServiceRequest.FromString(to_protobuf(body(**fields)))
    return message.resource_spans[0].scope_spans[0].spans[0]


def value(item: Any) -> Any:
    """The protobuf AnyValue that an attribute's value becomes."""
    return read(attributes=[{"key": "k", "value": item}]).attributes[0].value


@given(otlp.requests())
def test_json_says_what_protobuf_says(message: ExportTraceServiceRequest) -> None:
    text = orjson.dumps(otlp.to_json(message))
    again = ExportTraceServiceRequest.FromString(to_protobuf(text))
    # As text, in which NaN equals NaN.
    assert str(again) == str(message)


@given(otlp.requests())
def test_json_becomes_the_same_columns(message: ExportTraceServiceRequest) -> None:
    text = orjson.dumps(otlp.to_json(message))
    from_json = otlp.rows_of_batch(decode([to_protobuf(text)]))
    from_protobuf = otlp.rows_of_batch(decode([message.SerializeToString()]))
    assert otlp.comparable(from_json) == otlp.comparable(from_protobuf)


@pytest.mark.parametrize("given_id", [TRACE_HEX, TRACE_HEX.upper(), TRACE_HEX.title()])
def test_ids_are_hex_in_any_case(given_id: str) -> None:
    assert read(traceId=given_id).trace_id == otlp.TRACE


@pytest.mark.parametrize("time", [1_700_000_000_000_000_001, "1700000000000000001"])
def test_64_bit_integers_are_numbers_or_text(time: Any) -> None:
    assert read(startTimeUnixNano=time).start_time_unix_nano == 1_700_000_000_000_000_001


@pytest.mark.parametrize(("kind", "number"), [(3, 3), ("SPAN_KIND_CLIENT", 3), (0, 0), (99, 99)])
def test_enums_are_integers_or_names(kind: Any, number: int) -> None:
    assert read(kind=kind).kind == number


def test_unknown_fields_and_nulls_are_ignored() -> None:
    one = read(newField={"a": [1]}, parentSpanId=None, status={"code": 2, "more": 1}, events=None)
    assert (one.parent_span_id, one.status.code, len(one.events)) == (b"", 2, 0)
    assert value({"stringValue": "x", "newValue": 1}).string_value == "x"
    bare = read(attributes=[{"key": "a"}, {"key": "b", "value": None}, {"key": "c", "value": {}}])
    assert [pair.value.WhichOneof("value") for pair in bare.attributes] == [None, None, None]


@pytest.mark.parametrize(
    ("item", "kind", "held"),
    [
        ({"stringValue": ""}, "string_value", ""),
        ({"stringValue": "x" * 500}, "string_value", "x" * 500),
        ({"boolValue": False}, "bool_value", False),
        ({"intValue": -5}, "int_value", -5),
        ({"intValue": "-9223372036854775808"}, "int_value", -(2**63)),
        ({"intValue": 5.0}, "int_value", 5),
        ({"doubleValue": 2}, "double_value", 2.0),
        ({"doubleValue": "0.5"}, "double_value", 0.5),
        ({"doubleValue": "Infinity"}, "double_value", float("inf")),
        ({"bytesValue": "AP8="}, "bytes_value", b"\x00\xff"),
        ({"bytesValue": "AP8"}, "bytes_value", b"\x00\xff"),
        ({"bytesValue": "_-8="}, "bytes_value", b"\xff\xef"),
    ],
)
def test_values(item: Any, kind: str, held: Any) -> None:
    read_value = value(item)
    assert read_value.WhichOneof("value") == kind
    assert getattr(read_value, kind) == held


def test_keys_that_repeat_and_keys_that_do_not_are_read_alike() -> None:
    pairs = [{"key": f"key.{n % 7}", "value": {"stringValue": f"{n}"}} for n in range(50)]
    pairs += [{"key": "k" * 300, "value": {"intValue": 1}}] * 2
    read_pairs = read(attributes=pairs).attributes
    assert [pair.key for pair in read_pairs] == [pair["key"] for pair in pairs]
    assert [pair.value.string_value for pair in read_pairs[:50]] == [str(n) for n in range(50)]


SPAN_PATH = r"resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"startTimeUnixNano": "soon"}, rf'{SPAN_PATH}\.startTimeUnixNano: "soon" stands where'),
        ({"startTimeUnixNano": -1}, rf"{SPAN_PATH}\.startTimeUnixNano: -1 is not between 0 and"),
        ({"startTimeUnixNano": 1e30}, rf"{SPAN_PATH}\.startTimeUnixNano: 1e\+30 is not between"),
        ({"startTimeUnixNano": 1.5}, rf"{SPAN_PATH}\.startTimeUnixNano: 1.5 stands where"),
        ({"startTimeUnixNano": True}, rf"{SPAN_PATH}\.startTimeUnixNano: true stands where"),
        ({"flags": 2**32}, rf"{SPAN_PATH}\.flags: 4294967296 is not between 0 and 4294967295"),
        ({"droppedEventsCount": {}}, rf"{SPAN_PATH}\.droppedEventsCount: an object stands where"),
        ({"kind": "CLIENT"}, rf'{SPAN_PATH}\.kind: "CLIENT" is neither a whole number nor one of'),
        ({"name": 5}, rf"{SPAN_PATH}\.name: 5 stands where text belongs"),
        ({"attributes": {}}, rf"{SPAN_PATH}\.attributes: an object stands where a list belongs"),
        ({"attributes": [5]}, rf"{SPAN_PATH}\.attributes\[0\]: 5 stands where an object belongs"),
        (
            {"attributes": [{"key": "a", "value": {"intValue": "1"}}, {"key": 7}]},
            rf"{SPAN_PATH}\.attributes\[1\]\.key: 7 stands where text belongs",
        ),
        (
            {"attributes": [{"key": "a", "value": {"intValue": "many"}}] * 2},
            rf'{SPAN_PATH}\.attributes\[0\]\.value\.intValue: "many" stands where a whole number',
        ),
        (
            {"attributes": [{"key": "a", "value": {"boolValue": "true"}}]},
            rf'{SPAN_PATH}\.attributes\[0\]\.value\.boolValue: "true" stands where true or false',
        ),
        (
            {"attributes": [{"key": "a", "value": {"doubleValue": "half"}}]},
            rf'{SPAN_PATH}\.attributes\[0\]\.value\.doubleValue: "half" stands where a number',
        ),
        (
            {
                "attributes": [
                    {"key": "a", "value": {"arrayValue": {"values": [{}, {"intValue": []}]}}}
                ]
            },
            rf"{SPAN_PATH}\.attributes\[0\]\.value\.arrayValue\.values\[1\]\.intValue: a list",
        ),
        (
            {"events": [{}, {"timeUnixNano": "x"}]},
            rf'{SPAN_PATH}\.events\[1\]\.timeUnixNano: "x" stands where',
        ),
        (
            {"traceId": "AAECAwQFBgcICQoLDA0ODw=="},
            rf'{SPAN_PATH}\.traceId: "AAECAwQFBgcICQoLDA0ODw==" is base64; OTLP/JSON writes ids as',
        ),
        ({"spanId": "CAkKCwwNDg8="}, rf'{SPAN_PATH}\.spanId: "CAkKCwwNDg8=" is base64'),
        ({"links": [{"traceId": "zz"}]}, rf'{SPAN_PATH}\.links\[0\]\.traceId: "zz" is not made of'),
        ({"spanId": 12}, rf"{SPAN_PATH}\.spanId: 12 stands where 16 hex digits belong"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(PayloadError, match=rf"^this is not OTLP/JSON: {message}"):
        to_protobuf(body(**fields))


def test_hex_of_a_wrong_length_rejects_its_span_only() -> None:
    batch = decode([to_protobuf(body(traceId="abcd"))])
    assert (batch.spans.num_rows, batch.rejected) == (0, 1)
    assert batch.reasons == ('span 1 of 1 ("charge card"): the trace id has 2 bytes instead of 16',)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"hello", r"^this is not JSON \("),
        (b'{"resourceSpans":[{', r"^this is not JSON \("),
        (b'{"resourceSpans":[NaN]}', r"^this is not JSON \("),
        (b"[]", "^this is not OTLP/JSON: a list stands where an object belongs$"),
        (b"5", "^this is not OTLP/JSON: 5 stands where an object belongs$"),
        (
            b'{"data":[]}',
            r'^this is JSON, but not an OTLP trace request \(it has no "resourceSpans',
        ),
        (b'{"resourceLogs":[]}', "^this holds logs, not traces$"),
        (b'{"resourceMetrics":[]}', "^this holds metrics, not traces$"),
        (b'{"resource_spans":[]}', '^this has "resource_spans"; OTLP/JSON writes it as "resourceS'),
        (b'{"resourceSpans":{}}', "resourceSpans: an object stands where a list belongs$"),
    ],
)
def test_what_is_not_a_trace_gets_one_sentence(text: bytes, message: str) -> None:
    with pytest.raises(PayloadError, match=message) as caught:
        to_protobuf(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"{}", b'{"resourceSpans":[]}', b'{"resourceSpans":null}'])
def test_an_empty_request_succeeds(text: bytes) -> None:
    assert decode([to_protobuf(text)]).spans.num_rows == 0


def test_the_number_of_values_is_bounded_before_they_are_made() -> None:
    limits = Limits(json_marks=1000)
    to_protobuf(body(attributes=[{"key": "k", "value": {"stringValue": "x" * 2000}}]), limits)
    with pytest.raises(TooLargeError, match="the JSON holds 1001 braces, brackets and commas"):
        to_protobuf(b"[" + b"," * 1000 + b"]", limits)


@pytest.mark.parametrize("depth", [64, 65, 200])
def test_nesting(depth: int) -> None:
    item: Any = {"stringValue": "deep"}
    for _ in range(depth):
        item = {"kvlistValue": {"values": [{"key": "k", "value": item}]}}
    text = body(attributes=[{"key": "k", "value": item}])
    if depth <= 64:
        assert decode([to_protobuf(text)]).spans.num_rows == 1
        return
    try:
        batch = decode([to_protobuf(text)])
    except PayloadError as error:
        assert str(error) == "this is not OTLP/JSON: its values nest too deep"  # noqa: PT017
    else:
        assert batch.reasons == (
            'span 1 of 1 ("charge card"): attribute "k" nests deeper than 64 levels',
        )


def test_brackets_without_end_are_refused() -> None:
    with pytest.raises(PayloadError, match="this is not JSON"):
        to_protobuf(b"[" * 200_000)
