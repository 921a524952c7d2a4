"""One attribute value: a serialised ``AnyValue`` -> its type and text, with bounds.

Parsed by hand instead of by a message class, so that the depth and number of what is in arrays and
maps are known before objects are made: two bytes of input are one value.

Parsing follows the protobuf encoding rules as other OTLP readers do: unknown fields and fields of
another wire type are skipped, the last of several values of a oneof wins.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from tracemap.batch import ValueType
from tracemap.collectors.otlp.limits import Limits

_VARINT, _I64, _LEN, _GROUP, _GROUP_END, _I32 = 0, 1, 2, 3, 4, 5
#: Groups within each other: protobuf's own bound.
_GROUPS = 100

#: Field numbers of AnyValue (common.proto) and the wire type each must have.
_ANY_VALUE = {
    1: (ValueType.STRING, _LEN),
    2: (ValueType.BOOL, _VARINT),
    3: (ValueType.INT, _VARINT),
    4: (ValueType.DOUBLE, _I64),
    5: (ValueType.ARRAY, _LEN),
    6: (ValueType.KVLIST, _LEN),
    7: (ValueType.BYTES, _LEN),
}
_JSON_NAME = {
    ValueType.STRING: "stringValue",
    ValueType.BOOL: "boolValue",
    ValueType.DOUBLE: "doubleValue",
}

#: A value: its type, and text, bool, int, float, bytes, a list of values, or (key, value) pairs.
_Tree = tuple[ValueType, Any]
_EMPTY: _Tree = (ValueType.EMPTY, None)


class NestedValueError(Exception):
    """An array or map that is broken or beyond a limit; the text says which."""


class _NotPlainError(Exception):
    """Plain JSON cannot carry this value without loss."""


def to_text(raw: bytes, limits: Limits) -> tuple[ValueType, str]:
    """The type and text of an AnyValue as ``tracemap.batch.ValueType`` defines them.

    Raises NestedValueError.
    """
    try:
        kind, value = _Reader(limits).any_value(raw, 0)
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise NestedValueError(f"is not valid protobuf ({error})") from error
    if kind in _SCALARS:
        return kind, _SCALARS[kind](value)
    try:
        return kind, orjson.dumps(_plain((kind, value))).decode()
    except _NotPlainError:
        # Not orjson: it stops at 254 levels, and one level here is four of JSON.
        text = json.dumps(_otlp_json((kind, value)), ensure_ascii=False, separators=(",", ":"))
        return ValueType.NESTED, text


@dataclass(slots=True)
class _Reader:
    """Parses one attribute value and counts what it finds."""

    limits: Limits
    values: int = 0

    def items(self, kind: ValueType, raw: bytes, depth: int) -> list[Any]:
        """The elements of an ArrayValue, or the pairs of a KeyValueList, at ``depth`` from 1."""
        if depth > self.limits.nesting:
            raise NestedValueError(f"nests deeper than {self.limits.nesting} levels")
        found: list[Any] = []
        parse: Callable[[bytes, int], Any] = (
            self._pair if kind == ValueType.KVLIST else self.any_value
        )
        for number, wire, payload in fields(raw):
            if number == 1 and wire == _LEN:
                self.values += 1
                if self.values > self.limits.nested_values:
                    raise NestedValueError(f"holds more than {self.limits.nested_values} values")
                found.append(parse(payload, depth))
        return found

    def _pair(self, raw: bytes, depth: int) -> tuple[str, _Tree]:
        key, value = "", _EMPTY
        for number, wire, payload in fields(raw):
            if number == 1 and wire == _LEN:
                key = payload.decode()
            elif number == 2 and wire == _LEN:
                value = self.any_value(payload, depth)
        return key, value

    def any_value(self, raw: bytes, depth: int) -> _Tree:
        """An AnyValue within ``depth`` arrays and maps."""
        tree = _EMPTY
        for number, wire, payload in fields(raw):
            kind, expected = _ANY_VALUE.get(number, (ValueType.EMPTY, -1))
            if wire == expected:
                tree = (kind, self._value(kind, payload, depth))
        return tree

    def _value(self, kind: ValueType, payload: Any, depth: int) -> Any:
        if kind == ValueType.STRING:
            return payload.decode()
        if kind == ValueType.BOOL:
            return payload != 0
        if kind == ValueType.INT:
            return payload - (1 << 64) if payload >> 63 else payload
        if kind == ValueType.DOUBLE:
            return struct.unpack("<d", payload)[0]
        if kind == ValueType.BYTES:
            return payload
        return self.items(kind, payload, depth + 1)


def messages(raw: bytes, wanted: int) -> Iterator[bytes]:
    """What stands in the fields of that number, where they have a length."""
    return (payload for number, wire, payload in fields(raw) if (number, wire) == (wanted, _LEN))


def fields(raw: bytes) -> Iterator[tuple[int, int, Any]]:
    """(field number, wire type, payload) of each field; payload is an int for varints.

    Groups, which OTLP does not have, are passed over with all that is in them.
    """
    for number, wire, begin, end, inside in places(raw, 0, len(raw)):
        if not inside:
            yield number, wire, _varint(raw, begin)[0] if wire == _VARINT else raw[begin:end]


def places(raw: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int, bool]]:
    """(field number, wire type, begin and end of the payload, whether it belongs to a group) of
    each field of the message between ``at`` and ``end``. A group's begin and end are fields of it.

    Raises ValueError, IndexError where it is no valid protobuf.
    """
    groups: list[int] = []  # that are open, by number
    while at < end:
        tag, begin = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise ValueError(f"field number {number}")
        inside = bool(groups) or wire in {_GROUP, _GROUP_END}
        if wire in {_GROUP, _GROUP_END}:
            _group(groups, number, begins=wire == _GROUP)
            at = begin
        else:
            begin, at = _payload(raw, begin, wire)
        if at > end:
            raise ValueError("truncated")
        yield number, wire, begin, at, inside
    if groups:
        raise ValueError("truncated")


def _payload(raw: bytes, at: int, wire: int) -> tuple[int, int]:
    """Where what stands behind a tag of a wire type begins and ends."""
    if wire == _VARINT:
        return at, _varint(raw, at)[1]
    if wire == _LEN:
        size, at = _varint(raw, at)
    elif wire == _I64:
        size = 8
    elif wire == _I32:
        size = 4
    else:
        raise ValueError(f"wire type {wire}")
    return at, at + size


def _group(groups: list[int], number: int, *, begins: bool) -> None:
    """A group begins, or the innermost of those that are open ends."""
    if begins and len(groups) < _GROUPS:
        groups.append(number)
    elif begins or not groups or groups.pop() != number:
        raise ValueError("a group that does not begin and end")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def _plain(tree: _Tree) -> Any:
    """The tree as plain JSON values. Raises _NotPlainError where that would lose something."""
    kind, value = tree
    if kind == ValueType.ARRAY:
        return [_plain(item) for item in value]
    if kind == ValueType.KVLIST:
        pairs = {key: _plain(item) for key, item in value}
        if len(pairs) < len(value):
            raise _NotPlainError
        return pairs
    if kind == ValueType.BYTES or (kind == ValueType.DOUBLE and not math.isfinite(value)):
        raise _NotPlainError
    return value


def _otlp_json(tree: _Tree) -> dict[str, Any]:
    """The tree as an AnyValue of OTLP/JSON."""
    kind, value = tree
    if kind == ValueType.EMPTY:
        return {}
    if kind == ValueType.ARRAY:
        return {"arrayValue": {"values": [_otlp_json(item) for item in value]}}
    if kind == ValueType.KVLIST:
        pairs = [{"key": key, "value": _otlp_json(item)} for key, item in value]
        return {"kvlistValue": {"values": pairs}}
    if kind == ValueType.BYTES:
        return {"bytesValue": base64_text(value)}
    if kind == ValueType.INT:
        return {"intValue": str(value)}
    if kind == ValueType.DOUBLE and not math.isfinite(value):
        return {"doubleValue": double_name(value)}
    return {_JSON_NAME[kind]: value}


def double_name(value: float) -> str:
    """NaN and the infinities as protobuf's JSON mapping writes them."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def base64_text(value: bytes) -> str:
    """Bytes as protobuf's JSON mapping writes them."""
    return base64.b64encode(value).decode()


def double_text(value: float) -> str:
    """The shortest text that reads back equal, as ``values.double_texts`` writes it."""
    if not math.isfinite(value):
        return double_name(value)
    text: str = pa.scalar(value, pa.float64()).cast(pa.string()).as_py()
    return text


_SCALARS: dict[ValueType, Callable[[Any], str]] = {
    ValueType.EMPTY: lambda _: "",
    ValueType.STRING: str,
    ValueType.BOOL: lambda value: "true" if value else "false",
    ValueType.INT: str,
    ValueType.DOUBLE: double_text,
    ValueType.BYTES: base64_text,
}
