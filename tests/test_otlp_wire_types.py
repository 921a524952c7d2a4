"""Every field of every OTLP message with every wire type, read as protobuf itself reads it.

The cases come from OTLP's descriptors, so that no field is forgotten and a new one is tested from
its first day. ``google.protobuf`` is the oracle: what it reads we read alike, a field of a wire
type that is not its own is unknown and skipped, and what it cannot read at all is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import grpc
import httpx
import otlp_requests as otlp
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from otlp_requests import SPAN, TRACE, field, varint

from tracemap.batch import SpanBatch
from tracemap.collectors.otlp import logs
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.receivers import Receivers
from tracemap.errors import PayloadError, TooLargeError

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_VARINT, _I64, _LEN, _GROUP, _END, _I32 = range(6)  # wire types

#: What stands after a tag, by name: (wire type, payload). The first four are well formed.
PAYLOADS: dict[str, tuple[int, bytes]] = {
    "varint": (_VARINT, b"\x05"),
    "64 bits": (_I64, b"\1" * 8),
    "length": (_LEN, b"\x02ab"),
    "32 bits": (_I32, b"\1" * 4),
    "group": (_GROUP, b"\x08\x01"),  # its end is added, with its number
    "end of a group": (_END, b""),
    "wire type 6": (6, b"\x05"),
    "wire type 7": (7, b"\x05"),
    "a varint without end": (_VARINT, b"\xff" * 11),
    "a length beyond the end": (_LEN, b"\x7f"),
    "a length of four gigabytes": (_LEN, b"\xff\xff\xff\xff\x0f"),
    "bytes that are not UTF-8": (_LEN, b"\x02\xff\xfe"),
    "nothing": (_LEN, b"\0"),
    "a cut": (_I64, b"\1\1"),
}

#: What a message needs so that its span is stored, beside the field in question.
_SPAN = field(1, TRACE) + field(2, SPAN) + field(5, b"work")
_RECORD = field(9, TRACE) + field(10, SPAN)
_NEEDED = {
    "ResourceSpans": field(2, field(2, _SPAN)),
    "ScopeSpans": field(2, _SPAN),
    "Span": _SPAN,
    "ResourceLogs": field(2, field(2, _RECORD)),
    "ScopeLogs": field(2, _RECORD),
    "LogRecord": _RECORD,
    "Link": field(1, TRACE) + field(2, SPAN),
    "KeyValue": field(1, b"k"),
}


@dataclass(frozen=True)
class Place:
    """A message type within a request, by the names of the fields that lead to it."""

    path: str
    message: Descriptor
    wrap: Callable[[bytes], bytes]  #: a serialised message there -> the whole request


def places(message: Descriptor, path: str, wrap: Callable[[bytes], bytes]) -> Iterator[Place]:
    """All of them; a message within itself is followed once."""
    yield Place(path, message, wrap)
    for down in message.fields:
        if down.message_type is not None and path.split(".").count(down.name) < 1:
            yield from places(down.message_type, f"{path}.{down.name}", _within(wrap, down))


def _within(wrap: Callable[[bytes], bytes], down: FieldDescriptor) -> Callable[[bytes], bytes]:
    """A message in field ``down``, with what its parent needs beside it."""
    assert down.containing_type is not None
    needed, number = _NEEDED.get(down.containing_type.name, b""), down.number
    return lambda inner: wrap(needed + field(number, inner))


PLACES = tuple(places(ExportTraceServiceRequest.DESCRIPTOR, "request", lambda body: body))


LOG_PLACES = tuple(places(ExportLogsServiceRequest.DESCRIPTOR, "request", lambda body: body))


def case(number: int, payload: str) -> bytes:
    """A field with a tag of its own choosing."""
    wire, content = PAYLOADS[payload]
    end = varint(number << 3 | _END) if wire == _GROUP else b""
    return varint(number << 3 | wire) + content + end


def cases(place: Place) -> Iterator[tuple[str, bytes]]:
    """Each field of a place, and one that OTLP does not have, with each payload."""
    needed = _NEEDED.get(place.message.name, b"")
    numbers = {one.number: one.name for one in place.message.fields} | {1000: "unknown"}
    for number, name in numbers.items():
        for payload in PAYLOADS:
            yield f"{name} as {payload}", place.wrap(needed + case(number, payload))


def chosen(place: Place) -> Iterator[tuple[str, bytes]]:
    """All cases of a message type where it is first met, every third of them elsewhere."""
    first = next(
        p for p in (*PLACES, *LOG_PLACES) if p.message.full_name == place.message.full_name
    )
    return islice(cases(place), 0, None, 1 if place is first else 3)


def by_protobuf(body: bytes) -> ExportTraceServiceRequest | None:
    """What protobuf's own library reads; None when it cannot."""
    try:
        message = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        return None
    message.DiscardUnknownFields()
    _as_stored(message)
    return message


def _as_stored(message: Message) -> None:
    """A KeyValue without a value is one with an empty value, which is how it is stored; and what
    refers to the string table of profiles is absent elsewhere, as common.proto says."""
    for name in message.DESCRIPTOR.fields_by_name:
        if name.endswith("_strindex"):
            message.ClearField(name)
    if isinstance(message, KeyValue):
        message.value.SetInParent()
    for kind, held in message.ListFields():
        if kind.message_type is not None:
            for inner in held if kind.is_repeated else [held]:
                _as_stored(inner)


def decoded(body: bytes) -> SpanBatch | str:
    """A batch, or why there is none."""
    try:
        return decode([body])
    except PayloadError as error:
        return str(error)


def test_the_places_are_all_of_otlp() -> None:
    def reach(message: Descriptor, found: set[str]) -> set[str]:
        for down in message.fields:
            if down.message_type is not None and down.message_type.full_name not in found:
                found.add(down.message_type.full_name)
                reach(down.message_type, found)
        return found

    found = {place.message.full_name for place in PLACES} - {PLACES[0].message.full_name}
    assert found == reach(PLACES[0].message, set())
    # Attributes stand in five messages, and are read in two ways.
    assert sum(place.message.name == "ArrayValue" for place in PLACES) >= 5


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.path)
def test_a_field_reads_as_protobuf_reads_it(place: Place) -> None:
    for name, body in chosen(place):
        expected, found = by_protobuf(body), decoded(body)
        if expected is None:
            # Refused: the whole request, or where a value is read later, its span.
            refused = isinstance(found, str) or bool(found.rejected and found.reasons)
            assert refused, (place.path, name, found)
        elif isinstance(found, str):
            # Protobuf has nothing to say against a request that is all unknown fields.
            assert not expected.resource_spans, (place.path, name, found)
            assert "it holds no resource spans" in found
        elif not found.reasons:
            assert otlp.comparable(otlp.rows_of_batch(found)) == otlp.comparable(
                otlp.rows_of_message(expected)
            ), (place.path, name)
        else:
            assert "id has" in found.reasons[0], (place.path, name, found.reasons)


@pytest.mark.parametrize("place", LOG_PLACES, ids=lambda place: place.path)
def test_a_field_of_a_log_record_reads_as_protobuf_reads_it(place: Place) -> None:
    for name, body in chosen(place):
        try:
            expected = ExportLogsServiceRequest.FromString(body)
        except DecodeError:
            expected = None
        try:
            found = logs.decode([body])
        except PayloadError as error:
            unknown = expected is not None and not expected.resource_logs
            assert expected is None or unknown, (place.path, name, str(error))  # noqa: PT017
            continue
        if expected is None:
            assert found.rejected, (place.path, name)
            continue
        records = [x for r in expected.resource_logs for s in r.scope_logs for x in s.log_records]
        stored = found.logs.num_rows + found.rejected + sum(found.unrelated)
        assert stored == len(records), (place.path, name)
        if found.logs.num_rows == len(records):
            said = found.logs.select(["time_ns", "severity_text", "flags"]).to_pylist()
            assert said == [
                {
                    "time_ns": one.time_unix_nano,
                    "severity_text": one.severity_text or None,
                    "flags": one.flags,
                }
                for one in records
            ], (place.path, name)


def _one_place_each() -> Iterator[tuple[str, bytes]]:
    """Cases of each message type where it is first met, every fifth of them."""
    known: set[str] = set()
    for place in PLACES:
        if place.message.full_name not in known:
            known.add(place.message.full_name)
            for name, body in list(cases(place))[::5]:
                yield f"{place.path}: {name}", body


def test_a_server_takes_or_refuses_and_never_fails() -> None:
    """Over both protocols, and as it was decoded: no answer is a defect of ours."""
    taken: list[SpanBatch] = []
    with (
        Receivers(taken.extend, grpc="127.0.0.1:0", http="127.0.0.1:0") as receivers,
        httpx.Client(timeout=60) as client,
        grpc.insecure_channel(str(receivers.grpc)) as channel,
    ):
        call = channel.unary_unary(EXPORT)
        for name, body in _one_place_each():
            found = decoded(body)
            answer = client.post(
                f"http://{receivers.http}/v1/traces",
                content=body,
                headers={"content-type": "application/x-protobuf"},
            )
            assert answer.status_code == (400 if isinstance(found, str) else 200), name
            if isinstance(found, str):
                with pytest.raises(grpc.RpcError) as refused:
                    call(body, timeout=60)
                assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT, name
            else:
                told = ExportTraceServiceResponse.FromString(call(body, timeout=60))
                assert told.partial_success.rejected_spans == found.rejected, name
    assert taken


# --- without end ----------------------------------------------------------------------------------

DEPTH = 200_000


def _nested(depth: int, *numbers: int) -> bytes:
    """Messages within each other through these fields, again and again, from inside out."""
    parts, size = [], 0
    for number in reversed(numbers * depth):
        parts.append(varint(number << 3 | _LEN) + varint(size))
        size += len(parts[-1])
    return b"".join(reversed(parts))


_GROUPS, _ENDS = varint(15 << 3 | _GROUP), varint(15 << 3 | _END)
_DEEP: dict[str, Callable[[], bytes]] = {
    "arrays": lambda: _nested(DEPTH, 5, 1),
    "maps": lambda: _nested(DEPTH, 6, 1, 2),
    "groups": lambda: _GROUPS * DEPTH + _ENDS * DEPTH,
    "groups without end": lambda: _GROUPS * DEPTH,
    # What overflows a stack of 8 MiB overflows a larger one with more.
    "a million groups": lambda: _GROUPS * 1_000_000,
}
_AROUND: dict[str, Callable[[bytes], bytes]] = {
    "request": lambda deep: deep,
    "resource spans": lambda deep: field(1, _NEEDED["ResourceSpans"] + deep),
    "scope spans": lambda deep: field(1, field(2, _NEEDED["ScopeSpans"] + deep)),
    "span": lambda deep: otlp.raw_body(_SPAN + deep),
    "attribute": lambda deep: otlp.raw_body(_SPAN + field(9, _pair(deep))),
    "event": lambda deep: otlp.raw_body(_SPAN + field(11, field(3, _pair(deep)))),
    "link": lambda deep: otlp.raw_body(_SPAN + field(13, _NEEDED["Link"] + field(4, _pair(deep)))),
    "resource": lambda deep: field(1, _NEEDED["ResourceSpans"] + field(1, field(1, _pair(deep)))),
    "array": lambda deep: otlp.raw_body(_SPAN + field(9, _pair(field(5, field(1, deep))))),
}


def _pair(value: bytes) -> bytes:
    return field(1, b"k") + field(2, value)


@pytest.mark.parametrize("what", _DEEP)
def test_two_hundred_thousand_levels(what: str) -> None:
    deep = _DEEP[what]()
    good = otlp.body(otlp.span("good"))
    for where, around in _AROUND.items():
        try:
            found = decode([good + around(deep)])
        except TooLargeError as error:
            assert where == "resource" and "a resource has" in str(error)  # noqa: PT017, PT018
        except PayloadError as error:
            assert "protobuf" in str(error) or "nests deeper than 64" in str(error)  # noqa: PT017
        else:
            # Refused where it stands, or unknown and skipped.
            assert found.spans["name"].to_pylist()[0] == "good"
            assert found.rejected <= 1
