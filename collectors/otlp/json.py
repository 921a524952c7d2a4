"""OTLP/JSON -> the protobuf bytes of the same request. From there on there is one decode path.

As the OTLP specification says ("JSON Protobuf Encoding"): ids are hex in any case, not base64;
enums are integers (their names are accepted too); 64-bit integers are text or numbers; names are
lowerCamelCase, and unknown ones are ignored. ``null`` is the same as absent.

How each field is read is derived from OTLP's descriptors, so that none is forgotten. The bytes are
written directly: filling message objects took twice the time (measured).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracemap.collectors.otlp import json_values as values
from tracemap.collectors.otlp.json_values import FieldError
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.signals import LOGS, METRICS, SIGNALS, TRACES, Signal
from tracemap.errors import PayloadError, TooLargeError

#: Turns a JSON value into a protobuf field: tag, length where it has one, payload.
_Encode = Callable[[Any], bytes]
#: How to encode each field of a message, by its JSON name.
_Plan = dict[str, _Encode]

_ID_SIZES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}


def parse(body: bytes, limits: Limits = DEFAULT_LIMITS) -> Any:
    """JSON text as Python objects. Raises PayloadError, TooLargeError."""
    if len(body) > limits.json_marks:  # a mark takes a byte: a shorter body needs no counting
        marks = body.count(b"{") + body.count(b"[") + body.count(b",")
        if marks > limits.json_marks:
            raise TooLargeError(
                f"the JSON holds {marks} braces, brackets and commas,"
                f" more than {limits.json_marks}",
                do="send it in smaller requests",
            )
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"this is not JSON ({error})") from error


def to_protobuf(body: bytes, limits: Limits = DEFAULT_LIMITS, signal: Signal = TRACES) -> bytes:
    """A body of OTLP/JSON as the serialised request of that signal, ExportTraceServiceRequest.

    Raises PayloadError with the path of the field that is wrong, TooLargeError beyond ``limits``.
    """
    return request_to_protobuf(parse(body, limits), signal)


def signal_of(request: Any) -> Signal | None:
    """Of which signal a parsed request is; None when it does not say."""
    if isinstance(request, dict):
        for signal in SIGNALS:
            if signal.field in request:
                return signal
    return None


def request_to_protobuf(request: Any, signal: Signal = TRACES) -> bytes:
    """A parsed OTLP/JSON request as protobuf. Raises PayloadError with the field's path."""
    if isinstance(request, dict) and request and signal.field not in request:
        raise PayloadError(_not_of(signal, request))
    try:
        return _object(request, _PLANS[signal])
    except FieldError as error:
        where = f"{error.path}: " if error.path else ""
        raise PayloadError(f"this is not OTLP/JSON: {where}{error.what}") from error
    except RecursionError as error:
        raise PayloadError("this is not OTLP/JSON: its values nest too deep") from error


def _not_of(signal: Signal, request: dict[str, Any]) -> str:
    other = signal_of(request)
    if other is not None:
        return f"this holds {other.name}, not {signal.name}"
    snake = signal.field.replace("resource", "resource_").lower()
    if snake in request:
        return f'this has "{snake}"; OTLP/JSON writes it as "{signal.field}"'
    kind = "trace" if signal is TRACES else signal.name
    return f'this is JSON, but not an OTLP {kind} request (it has no "{signal.field}")'


def _object(item: Any, plan: _Plan) -> bytes:
    """The fields of a JSON object as the payload of a message."""
    if type(item) is not dict:
        raise FieldError(f"{values.shown(item)} stands where an object belongs")
    fields = []
    name = ""
    try:
        for name, value in item.items():
            encode = plan.get(name)
            if encode is not None and value is not None:
                fields.append(encode(value))
    except FieldError as error:
        raise error.within(name) from None
    return b"".join(fields)


def _list(items: Any, encode: _Encode) -> bytes:
    """Each element encoded as a field of its own."""
    if type(items) is not list:
        raise FieldError(f"{values.shown(items)} stands where a list belongs")
    fields: list[bytes] = []
    try:
        for item in items:
            fields.append(encode(item))  # noqa: PERF401 - its length is where an error happened
    except FieldError as error:
        raise error.within(len(fields)) from None
    return b"".join(fields)


_BYTE = [bytes([n]) for n in range(128)]
_U64 = 0xFFFF_FFFF_FFFF_FFFF


def _varint(number: int) -> bytes:
    if number < 128:
        return _BYTE[number]
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _sized(tag: bytes, payload: Callable[[Any], bytes]) -> _Encode:
    """A field that is written with its length: text, bytes, a message."""

    def encode(value: Any) -> bytes:
        data = payload(value)
        return tag + _varint(len(data)) + data

    return encode


def _number(tag: bytes, convert: Callable[[Any], int]) -> _Encode:
    """A varint field; negative numbers as 64-bit two's complement."""
    return lambda value: tag + _varint(convert(value) & _U64)


def _fixed(tag: bytes, layout: str, convert: Callable[[Any], Any]) -> _Encode:
    """A field of fixed width."""
    pack = struct.Struct(layout).pack
    return lambda value: tag + pack(convert(value))


def _plan(descriptor: Descriptor, known: dict[str, _Plan]) -> _Plan:
    """How to encode each field of a message type; types may contain themselves."""
    if descriptor.full_name in known:
        return known[descriptor.full_name]
    plan = known.setdefault(descriptor.full_name, {})
    for field in descriptor.fields:
        if not field.name.endswith("_strindex"):  # absent outside profiles, see ``wire``
            plan[field.json_name] = _field(field, known)
    return plan


def _field(field: FieldDescriptor, known: dict[str, _Plan]) -> _Encode:
    wire_type, encoder = _encoder(field, known)
    encode = encoder(_varint(field.number << 3 | wire_type))
    if field.message_type is not None and field.message_type.name == "KeyValue":
        return _pairs(_varint(field.number << 3 | wire_type), encode)
    return (lambda items: _list(items, encode)) if field.is_repeated else encode


def _encoder(
    field: FieldDescriptor, known: dict[str, _Plan]
) -> tuple[int, Callable[[bytes], _Encode]]:
    """Of a field: its wire type, and what makes an encoder when given the tag."""
    if field.message_type is not None:
        plan = _plan(field.message_type, known)
        return 2, lambda tag: _sized(tag, lambda value: _object(value, plan))
    if field.enum_type is not None:
        convert = values.enum({value.name: value.number for value in field.enum_type.values})
        return 0, lambda tag: _number(tag, convert)
    if field.name in _ID_SIZES:
        return 2, lambda tag: _sized(tag, values.hex_id(_ID_SIZES[field.name]))
    return _SCALARS[field.type]


_uint32 = values.integer(0, 2**32 - 1)
_uint64 = values.integer(0, 2**64 - 1)
_int32 = values.integer(-(2**31), 2**31 - 1)
_int64 = values.integer(-(2**63), 2**63 - 1)


def _sint32(value: Any) -> int:
    """As a sint32 field's varint: numbers near zero, negative ones too, take few bytes."""
    number = _int32(value)
    return number * 2 if number >= 0 else -number * 2 - 1


_SCALARS: dict[int, tuple[int, Callable[[bytes], _Encode]]] = {
    FieldDescriptor.TYPE_STRING: (
        2,
        lambda tag: _sized(tag, lambda value: values.text(value).encode()),
    ),
    FieldDescriptor.TYPE_BYTES: (2, lambda tag: _sized(tag, values.base64_bytes)),
    FieldDescriptor.TYPE_BOOL: (0, lambda tag: _number(tag, values.boolean)),
    FieldDescriptor.TYPE_UINT32: (0, lambda tag: _number(tag, _uint32)),
    FieldDescriptor.TYPE_INT64: (0, lambda tag: _number(tag, _int64)),
    FieldDescriptor.TYPE_DOUBLE: (1, lambda tag: _fixed(tag, "<d", values.double)),
    FieldDescriptor.TYPE_FIXED64: (1, lambda tag: _fixed(tag, "<Q", _uint64)),
    FieldDescriptor.TYPE_FIXED32: (5, lambda tag: _fixed(tag, "<I", _uint32)),
    # Those below stand in metrics alone.
    FieldDescriptor.TYPE_UINT64: (0, lambda tag: _number(tag, _uint64)),
    FieldDescriptor.TYPE_SFIXED64: (1, lambda tag: _fixed(tag, "<q", _int64)),
    FieldDescriptor.TYPE_SINT32: (0, lambda tag: _number(tag, _sint32)),
}

#: Attribute keys as encoded ``KeyValue.key`` fields; they repeat. Emptied when full.
_KEYS: dict[str, bytes] = {}
_KEYS_LIMIT = 10_000


#: Values of AnyValue that are short and hold no others: an array here would be encoded by the
#: short cut and then again without it, at each of its levels.
_SHORT: _Plan = {}


def _pairs(tag: bytes, slow: _Encode) -> _Encode:
    """A list of KeyValue. Nearly all of a trace is these, and most are short: a short cut."""

    def encode(item: Any) -> bytes:
        try:
            key = _KEYS[item["key"]]
            ((kind, held),) = item["value"].items()
            if kind == "stringValue":
                text = held.encode()
                size = len(text)
                value = b"\x0a%c%b" % (size, text) if size < 100 else b""
            else:
                value = _SHORT[kind](held)
        except (KeyError, TypeError, ValueError, AttributeError, FieldError):
            _remember(item)
            return slow(item)  # which also says what is wrong
        size = len(key) + len(value) + 2
        if not value or size > 127:
            return slow(item)
        return b"%b%c%b\x12%c%b" % (tag, size, key, len(value), value)

    return lambda items: _list(items, encode)


def _remember(item: Any) -> None:
    key = item.get("key") if type(item) is dict else None
    if type(key) is str and key not in _KEYS and len(key) < 100:
        if len(_KEYS) >= _KEYS_LIMIT:
            _KEYS.clear()
        data = key.encode()
        _KEYS[key] = b"\x0a" + _varint(len(data)) + data


_MESSAGES: dict[str, _Plan] = {}
_PLANS: dict[Signal, _Plan] = {
    TRACES: _plan(ExportTraceServiceRequest.DESCRIPTOR, _MESSAGES),
    LOGS: _plan(ExportLogsServiceRequest.DESCRIPTOR, _MESSAGES),
    METRICS: _plan(ExportMetricsServiceRequest.DESCRIPTOR, _MESSAGES),
}
_VALUE = _MESSAGES["opentelemetry.proto.common.v1.AnyValue"]
_SHORT.update({name: _VALUE[name] for name in ("intValue", "boolValue", "doubleValue")})
