"""Attribute values read as columns are what they are when each is read for itself."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import replace

import otlp_logs
import otlp_requests as otlp
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue

from tracemap.batch import ValueType
from tracemap.collectors.otlp import logs, nested
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS
from tracemap.collectors.otlp.values import texts

_INT64 = st.integers(-(2**63), 2**63 - 1)
_SCALAR = st.one_of(
    st.text(max_size=20).map(lambda x: AnyValue(string_value=x)),
    st.booleans().map(lambda x: AnyValue(bool_value=x)),
    _INT64.map(lambda x: AnyValue(int_value=x)),
    st.floats().map(lambda x: AnyValue(double_value=x)),
    st.binary(max_size=5).map(lambda x: AnyValue(bytes_value=x)),
    st.just(AnyValue()),
)
_VALUE = st.one_of(
    _SCALAR,
    st.lists(_SCALAR, max_size=3).map(lambda x: AnyValue(array_value=ArrayValue(values=x))),
).map(AnyValue.SerializeToString)

#: What protobuf allows and no exporter writes.
_ODD = {
    "a bool that is another number": b"\x10\x02",
    "a bool of two bytes": b"\x10\x80\x01",
    "an integer of more bytes than it needs": b"\x18\x85\x80\x00",
    "a length of more bytes than it needs": b"\x0a\x83\x00abc",
    "the last of two types": b"\x0a\x01a\x18\x05",
    "the last of two texts": b"\x0a\x01a\x0a\x01b",
    "a text after an integer": b"\x18\x05\x0a\x01a",
    "an unknown field": b"\x0a\x01a\x78\x01",
    "an unknown field before": b"\x78\x01\x21" + struct.pack("<d", 0.5),
    "another wire type": b"\x08\x01",
    "two doubles": 2 * (b"\x21" + struct.pack("<d", 0.5)),
}
_BROKEN = {
    "text that is cut off": b"\x0a\x05abc",
    "text without a length": b"\x0a",
    "a length without an end": b"\x0a\x80",
    "an integer without an end": b"\x18\x80",
    "an integer without bytes": b"\x18",
    "an integer of eleven bytes": b"\x18" + b"\x80" * 10 + b"\x01",
    "half a double": b"\x21\0\0\0\0",
    "a bool without bytes": b"\x10",
    "no UTF-8": b"\x0a\x02\xff\xfe",
    "no UTF-8 before another value": b"\x0a\x02\xff\xfe\x18\x05",
}


def column(raw: Sequence[bytes | None]) -> list[tuple[str, int]]:
    text, types, reasons = texts(pa.array(raw, pa.binary()), DEFAULT_LIMITS)
    assert not reasons
    assert (text.type, text.null_count) == (pa.string(), 0)
    return list(zip(text.to_pylist(), types.tolist(), strict=True))


def one_by_one(raw: list[bytes]) -> list[tuple[str, int]]:
    found = [nested.to_text(one, DEFAULT_LIMITS) for one in raw]
    return [(text, int(kind)) for kind, text in found]


@given(st.lists(_VALUE, max_size=30))
def test_a_column_says_what_each_value_says(raw: list[bytes]) -> None:
    assert column(raw) == one_by_one(raw)


@pytest.mark.parametrize("raw", _ODD.values(), ids=_ODD)
def test_what_nobody_writes_reads_as_protobuf_reads_it(raw: bytes) -> None:
    meant = AnyValue.FromString(raw)
    usual = [AnyValue(string_value="x"), AnyValue(int_value=-1), AnyValue(double_value=1.5), meant]
    beside = [value.SerializeToString() for value in usual]
    assert column([*beside, raw, *beside])[4] == one_by_one([meant.SerializeToString()])[0]
    assert column([raw]) == one_by_one([raw])


@pytest.mark.parametrize("raw", _BROKEN.values(), ids=_BROKEN)
def test_a_broken_value_is_named_by_its_place(raw: bytes) -> None:
    sound = AnyValue(string_value="sound").SerializeToString()
    for before in (0, 3):
        values = pa.array([sound] * before + [raw, sound], pa.binary())
        _, _, reasons = texts(values, DEFAULT_LIMITS)
        assert list(reasons) == [before]
        assert "is not valid" in reasons[before]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 130, 16_383, 16_384, 70_000])
def test_texts_of_every_length(size: int) -> None:
    value = AnyValue(string_value="é" * (size // 2) + "x" * (size % 2)).SerializeToString()
    other = AnyValue(int_value=size).SerializeToString()
    read = column([value, other, value])
    assert read == one_by_one([value, other, value])
    assert len(read[0][0].encode()) == size


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**35, 2**63 - 1, -1, -(2**63)])
def test_integers_of_every_length(number: int) -> None:
    raw = AnyValue(int_value=number).SerializeToString()
    written = (str(number), ValueType.INT)
    assert column([raw, b"\x18\x00", raw]) == [written, ("0", ValueType.INT), written]


def test_numbers_that_are_none_have_protobufs_names() -> None:
    numbers = [math.nan, math.inf, -math.inf, 0.1]
    raw = [AnyValue(double_value=number).SerializeToString() for number in numbers]
    assert [text for text, _ in column(raw)] == ["NaN", "Infinity", "-Infinity", "0.1"]


def test_absent_values_and_parts_of_a_column() -> None:
    a, b = (AnyValue(string_value=x).SerializeToString() for x in ("a", "b"))
    assert column([]) == []
    assert column([None, b""]) == [("", 0), ("", 0)]
    assert column([None, a, b"", b, None]) == [("", 0), ("a", 1), ("", 0), ("b", 1), ("", 0)]
    whole = pa.array([a, b, None, b], pa.binary())
    text, types, _ = texts(whole.slice(1, 2), DEFAULT_LIMITS)
    assert (text.to_pylist(), types.tolist()) == (["b", ""], [1, 0])


def test_a_span_with_a_broken_value_is_rejected_alone() -> None:
    bad = otlp.field(9, otlp.field(1, b"note") + otlp.field(2, b"\x0a\x02\xff\xfe"))
    good = otlp.span("good", attributes=[otlp.attribute("a", int_value=1)]).SerializeToString()
    batch = decode([otlp.raw_body(good, otlp.span("bad").SerializeToString() + bad, good)])
    assert (batch.spans["name"].to_pylist(), batch.rejected) == (["good", "good"], 1)
    assert 'attribute "note" is not valid UTF-8' in batch.reasons[0]


def _attribute(name: bytes, value: bytes) -> bytes:
    """A span's or log record's attribute of any bytes, without the number of its field."""
    return otlp.field(1, name) + otlp.field(2, value)


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_values_that_are_broken_in_different_ways_are_all_found(signal: str) -> None:
    """Some were looked for only after the others had been rejected, and nobody caught them."""
    limits = replace(DEFAULT_LIMITS, attribute_length=100)
    attributes = {
        "nested": _attribute(b"nested", b"\x0a\x05abc"),
        "no UTF-8": _attribute(b"text", b"\x0a\x02\xff\xfe"),
        "too long": _attribute(b"long", AnyValue(string_value="x" * 101).SerializeToString()),
        "good": _attribute(b"good", AnyValue(int_value=1).SerializeToString()),
    }
    if signal == "traces":
        raw = [
            otlp.span(name).SerializeToString() + otlp.field(9, one)
            for name, one in attributes.items()
        ]
        batch = decode([otlp.raw_body(*raw)], limits=limits)
        assert batch.spans["name"].to_pylist() == ["good"]
    else:
        raw = [
            otlp_logs.log(name).SerializeToString() + otlp.field(6, one)
            for name, one in attributes.items()
        ]
        batch = logs.decode([otlp.raw_body(*raw)], limits=limits)
        assert batch.logs["body"].to_pylist() == ["good"]
    assert batch.rejected == 3
    assert [reason.split('"')[-2] for reason in batch.reasons] == ["nested", "text", "long"]
