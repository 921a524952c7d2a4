"""OTLP requests nearly as they should be: made from the descriptors, a field wrong here and there.

Every field may be absent, repeated, out of order, of another type or size; most are right, so that
what is wrong is met deep inside.
"""

from __future__ import annotations

import struct
from random import Random
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from otlp_requests import varint

_TEXTS = ("", "a", "order.id", "é", "\u2028", "\x00", "x" * 200, '"\\', "🙂", "service.name")
_INTS = (0, 1, 2, 5, 255, 256, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
_DOUBLES = (0.0, -0.0, 0.25, 1e308, 5e-324, float("nan"), float("inf"), float("-inf"))
_IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_VARINT, _I64, _LEN, _GROUP, _END, _I32 = range(6)
_WIRE = {
    FieldDescriptor.TYPE_DOUBLE: _I64,
    FieldDescriptor.TYPE_FIXED64: _I64,
    FieldDescriptor.TYPE_FIXED32: _I32,
    FieldDescriptor.TYPE_STRING: _LEN,
    FieldDescriptor.TYPE_BYTES: _LEN,
    FieldDescriptor.TYPE_MESSAGE: _LEN,
}


class Maker:
    """Messages of a type. ``wrong`` is the share of fields that are not as they should be."""

    def __init__(self, rng: Random, *, wrong: float, deepest: int) -> None:
        self._rng = rng
        self._wrong = wrong
        self._deepest = deepest

    def _times(self, field: FieldDescriptor, depth: int) -> int:
        rng = self._rng
        if field.message_type is not None and depth > self._deepest:
            return 0
        if field.name in _IDS or field.message_type is None:
            return int(rng.random() < (0.95 if field.name in _IDS else 0.5))
        if not field.is_repeated:
            return int(rng.random() < 0.8)
        return rng.choice((0, 1, 1, 1, 2, 3)) if depth else rng.choice((1, 1, 2))

    def protobuf(self, message: Descriptor, depth: int = 0) -> bytes:
        """A serialised message."""
        fields = [
            self._field(field, depth)
            for field in message.fields
            for _ in range(self._times(field, depth))
        ]
        if self._rng.random() < self._wrong:
            self._rng.shuffle(fields)
        return b"".join(fields)

    def _field(self, field: FieldDescriptor, depth: int) -> bytes:
        rng = self._rng
        number, wire = field.number, _WIRE.get(field.type, _VARINT)
        if rng.random() < self._wrong:
            number = rng.choice((number, 0, 15, 1000, 2**29 - 1, 2**29))
            wire = rng.randrange(8)
        return varint(number << 3 | wire) + self._payload(field, wire, number, depth)

    def _payload(self, field: FieldDescriptor, wire: int, number: int, depth: int) -> bytes:
        rng = self._rng
        if wire == _LEN:
            content = self._content(field, depth)
            size = len(content)
            if rng.random() < self._wrong / 4:
                size = rng.choice((0, max(0, size - 1), size + 1, 2**31, 2**32 - 1, 2**63))
            return varint(size) + content
        if wire == _GROUP:
            inner = self._content(field, depth) if rng.random() < 0.3 else b"\x08\x01"
            return inner + varint(number << 3 | _END) * rng.choice((0, 1, 1, 1))
        if wire == _I64:
            value = struct.pack("<d", rng.choice(_DOUBLES))
            return value if rng.random() < 0.5 else rng.randbytes(8)
        if wire == _I32:
            return rng.randbytes(4)
        if wire == _END:
            return b""
        if field.enum_type is not None and rng.random() < 0.8:
            return varint(rng.randrange(6))
        return varint(rng.choice(_INTS)) if rng.random() > self._wrong else b"\x80\x80\x00"

    def _content(self, field: FieldDescriptor, depth: int) -> bytes:
        rng = self._rng
        if field.message_type is not None:
            return self.protobuf(field.message_type, depth + 1)
        size = _IDS.get(field.name)
        if size is not None:
            if rng.random() < self._wrong:
                size = rng.choice((0, 1, 8, 16, 17))
            return bytes(size) if rng.random() < self._wrong else rng.randbytes(size)
        if field.type == FieldDescriptor.TYPE_BYTES or rng.random() < self._wrong:
            return rng.randbytes(rng.choice((0, 1, 16, 70)))
        return rng.choice(_TEXTS).encode()

    def json(self, message: Descriptor, depth: int = 0) -> Any:
        """The same as OTLP/JSON, before it is text."""
        rng = self._rng
        made: dict[str, Any] = {}
        for field in message.fields:
            times = self._times(field, depth)
            if times:
                values = [self._value(field, depth) for _ in range(times)]
                name = field.json_name if rng.random() > self._wrong else field.name
                made[name] = values if field.is_repeated else values[0]
        return made

    def _value(self, field: FieldDescriptor, depth: int) -> Any:
        rng = self._rng
        if rng.random() < self._wrong:
            return rng.choice(
                (None, True, [], {}, [[]], "", "x", "NaN", -1, 1.5, 1e400, 2**64, "9" * 30, [None])
            )
        if field.message_type is not None:
            return self.json(field.message_type, depth + 1)
        if field.name in _IDS:
            text = rng.randbytes(_IDS[field.name]).hex()
            return text.upper() if rng.random() < 0.2 else text
        if field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
            return rng.choice(_TEXTS) if field.type == FieldDescriptor.TYPE_STRING else "AAE="
        if field.type == FieldDescriptor.TYPE_BOOL:
            return rng.random() < 0.5
        if field.type == FieldDescriptor.TYPE_DOUBLE:
            return rng.choice(("NaN", "Infinity", 0.25, 1, "1e3"))
        number = rng.choice(_INTS)
        return str(number) if rng.random() < 0.5 else number
