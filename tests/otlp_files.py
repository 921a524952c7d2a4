"""Writes OTLP files in the shapes that real tools leave behind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import otlp_requests as otlp
import pyarrow as pa
from otlp_requests import request, span


def zstd(data: bytes) -> bytes:
    """One zstd frame."""
    return pa.compress(data, "zstd", asbytes=True)  # type: ignore[no-any-return]


#: Three requests; their spans are called a, b and c.
MESSAGES = [
    request(span(name, attributes=[otlp.attribute("order.id", string_value=f"order-{name}")]))
    for name in "abc"
]
NAMES = ["a", "b", "c"]
PROTOBUF = [message.SerializeToString() for message in MESSAGES]
JSON = [json.dumps(otlp.to_json(message)).encode() for message in MESSAGES]
PRETTY = [json.dumps(otlp.to_json(message), indent=2).encode() for message in MESSAGES]


def lines(*rows: bytes) -> bytes:
    """Rows as the file exporter writes them."""
    return b"".join(row + b"\n" for row in rows)


def by_varint(*messages: bytes) -> bytes:
    """As protobuf's ``writeDelimitedTo`` writes them."""
    return b"".join(otlp.varint(len(one)) + one for one in messages)


def by_four_bytes(*messages: bytes) -> bytes:
    """As the Collector's file exporter writes them when they are not lines."""
    return b"".join(len(one).to_bytes(4) + one for one in messages)


#: Formats that real tools write, each holding MESSAGES.
FORMATS: dict[str, bytes] = {
    "JSON lines": lines(*JSON),
    "JSON lines without a last newline": b"\n".join(JSON),
    "JSON lines with Windows line ends": b"\r\n".join(JSON),
    "JSON lines with empty lines": b"\n\n".join(JSON) + b"\n\n",
    "JSON lines with a byte order mark": b"\xef\xbb\xbf" + lines(*JSON),
    "JSON objects over several lines": lines(*PRETTY),
    "a JSON list": b"[" + b",".join(JSON) + b"]",
    "a JSON list over several lines": b"[\n" + b",\n".join(JSON) + b"\n]\n",
    "protobuf by varint": by_varint(*PROTOBUF),
    "protobuf by four bytes": by_four_bytes(*PROTOBUF),
    "the Collector's proto with zstd": by_four_bytes(*map(zstd, PROTOBUF)),
    "the Collector's json with zstd": by_four_bytes(*map(zstd, JSON)),
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip in two members": lambda data: gzip.compress(data[:150]) + gzip.compress(data[150:]),
    "gzip with padding": lambda data: gzip.compress(data) + bytes(10),
    "zstd": zstd,
    "zstd in two frames": lambda data: zstd(data[:150]) + zstd(data[150:]),
}
