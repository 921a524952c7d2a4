"""Files -> requests, one at a time, whatever the format. Only one request is in memory at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tracemap.collectors.files import inflate, json_records, protobuf_records
from tracemap.collectors.files.records import Location, OtherSignal, Problem, Record, Request
from tracemap.collectors.files.seeming import EMPTY, PEEK, bytes_like

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_TOLD = 64  #: bytes that tell JSON from protobuf
_BUFFER = 1 << 20

#: Called with bytes of the file read so far, and its size.
Position = Callable[[int, int], None]

_DAMAGED = "the compressed data is cut off or damaged; what stood before that is kept"


def read_file(path: Path | str, position: Position | None = None) -> Iterator[Record]:
    """The requests of one file, and its problems where they occur. Never raises for a bad file."""
    path = Path(path)
    whole = Location(path, 0, "")
    try:
        size = path.stat().st_size
        file = path.open("rb")
    except OSError as error:
        yield Problem(whole, *_cannot_open(path, error))
        return
    with file:
        inflating = _inflating(file)
        stream = io.BufferedReader(inflating, _BUFFER) if inflating else file
        last: Record | None = None
        for record in _records(path, stream):
            if last is not None:
                yield last
            last = record
            if position is not None:
                position(min(file.tell(), size), size)
        if inflating is not None and inflating.damaged:
            if isinstance(last, Request | OtherSignal):
                yield last
            # What came last was cut off with it, if it is a problem.
            yield Problem(last.location if isinstance(last, Problem) else whole, _DAMAGED)
        elif last is not None:
            yield last


def _cannot_open(path: Path, error: OSError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "there is no such file", ""
    if path.is_dir():
        return "this is a folder", "give its files"
    return f"it cannot be read: {error.strerror}", "may you read it?"


def _inflating(file: io.BufferedReader[Any]) -> inflate.Inflating | None:
    """The plain content of a compressed file; None when it is not compressed."""
    start = file.peek(4)
    if start.startswith(_GZIP):
        return inflate.gzip(file)
    return inflate.zstd(file) if start.startswith(protobuf_records.ZSTD) else None


def _is_json(start: bytes) -> bool:
    """Whether a file that starts so is JSON.

    A length of 123 is a brace and the first tag of a request a newline: what tells them apart is
    that JSON holds no control characters, and protobuf has some at once.
    """
    text = start[:_TOLD].lstrip()
    return text[:1] in {b"{", b"["} and all(byte >= 0x20 or byte in b"\t\r\n" for byte in text)


def _records(path: Path, stream: io.BufferedReader[Any]) -> Iterator[Record]:
    if stream.peek(3).startswith(_BOM):
        stream.read(3)
    start = stream.peek(PEEK)[:PEEK]
    if not start:
        yield Problem(Location(path, 0, ""), *EMPTY)
    elif _is_json(start):
        yield from json_records.records(path, stream)
    elif (framing := protobuf_records.framing(start)) is not None:
        yield from protobuf_records.records(path, stream, framing)
    else:
        yield Problem(Location(path, 0, ""), *bytes_like(start))
