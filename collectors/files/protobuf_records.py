"""OTLP/protobuf files: messages with a length before each, or one bare message.

- four bytes big-endian: the Collector's file exporter (``format: proto``, and anything with
  ``compression: zstd``); there a message may be JSON, and may be under zstd by itself
- a varint: protobuf's own delimited streams (``writeDelimitedTo``)
- none: the body of one request
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

from tracemap.collectors.files.json_records import requests, why
from tracemap.collectors.files.limits import MAX_REQUEST
from tracemap.collectors.files.records import Location, Problem, Record, Request
from tracemap.collectors.otlp.compression import decompress
from tracemap.collectors.otlp.nested import messages
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal
from tracemap.errors import TracemapError

ZSTD = b"\x28\xb5\x2f\xfd"
#: Tag of field 1, resource_spans: how every request of a trace begins.
_TAG = 0x0A


class Framing(Enum):
    """What stands before each message."""

    FOUR_BYTES = "four bytes"
    VARINT = "varint"
    NONE = "none"


def framing(start: bytes) -> Framing | None:
    """How a file that starts with ``start`` is framed; None when it holds no OTLP."""
    varint = _varint(start)
    if varint is not None and _is_message(start[varint[1] :], varint[0]):
        return Framing.VARINT
    if _is_message(start, MAX_REQUEST):
        return Framing.NONE
    size = int.from_bytes(start[:4])
    if 0 < size <= MAX_REQUEST and _is_message(start[4:], size, framed=True):
        return Framing.FOUR_BYTES
    return None


def _is_message(start: bytes, size: int, *, framed: bool = False) -> bool:
    """Whether a message of ``size`` bytes may start so."""
    if framed and (start.startswith(ZSTD) or start[:1] == b"{"):
        return True
    inner = _varint(start[1:])
    return start[:1] == bytes([_TAG]) and inner is not None and inner[0] + inner[1] < size


def _varint(data: bytes) -> tuple[int, int] | None:
    """(value, bytes taken) of the varint at the start; None when it is none of a length."""
    value = 0
    for index, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, index + 1
    return None


def signal_of(body: bytes) -> Signal:
    """Traces, unless the first record can be none but a log's.

    Requests of all signals look alike down to their records, which stand in the fields 1, 2 and 2
    of messages within each other. A span has its trace id in field 1, a log record a number.
    """
    try:
        first = next(
            record
            for resource in messages(body, 1)
            for scope in messages(resource, 2)
            for record in messages(scope, 2)
        )
        is_log = next(messages(first, 1), None) is None
    except (StopIteration, IndexError, ValueError):
        return TRACES  # the decoder says what is wrong with it
    return LOGS if is_log else TRACES


def records(path: Path, stream: io.BufferedReader[Any], kind: Framing) -> Iterator[Record]:
    """The requests of a protobuf file."""
    number = 0
    while True:
        number += 1
        location = Location(path, number, "" if kind is Framing.NONE else "message")
        size = _size(stream, kind)
        if size is None:
            return
        if size > MAX_REQUEST:
            yield Problem(location, f"it claims {size} bytes: the file is damaged from here on")
            return
        body = stream.read(size)
        if len(body) < size and kind is not Framing.NONE:
            yield Problem(location, f"it is cut off after {len(body)} of {size} bytes")
            return
        yield from _message(location, body)
        if kind is Framing.NONE:
            return


def _size(stream: io.BufferedReader[Any], kind: Framing) -> int | None:
    """Bytes of the next message; None at the end of the file."""
    if kind is Framing.NONE:
        return MAX_REQUEST
    if kind is Framing.FOUR_BYTES:
        prefix = stream.read(4)
        return int.from_bytes(prefix.ljust(4, b"\0")) if prefix else None
    prefix = b""
    while byte := stream.read(1):
        prefix += byte
        if byte[0] < 0x80 or len(prefix) == 5:
            break
    if not prefix:
        return None
    found = _varint(prefix)
    return found[0] if found else 1 << 40


def _message(location: Location, body: bytes) -> Iterator[Record]:
    try:
        if body.startswith(ZSTD):
            body = decompress(body, "zstd", MAX_REQUEST)
        if not body.startswith(b"{"):
            yield Request(location, body, signal_of(body))
            return
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        yield Problem(location, f"this is not JSON ({why(error)})")
    except TracemapError as error:
        yield Problem(location, error.what)
    else:
        yield from requests(location, value)
