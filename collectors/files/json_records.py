"""OTLP/JSON files: one request a line (the file exporter), or objects over several lines.

Pretty-printers (jq, editors) end an object with a bracket at the start of a line. That is where a
document of several lines is taken to end, so that a file of many is read one at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from tracemap.collectors.files.limits import MAX_REQUEST
from tracemap.collectors.files.records import Location, OtherSignal, Problem, Record, Request
from tracemap.collectors.files.seeming import json_like
from tracemap.collectors.otlp.json import request_to_protobuf, signal_of
from tracemap.collectors.otlp.signals import METRICS, TRACES
from tracemap.errors import PayloadError

_Line = tuple[int, bytes]
_TOO_LONG = "a request larger than tracemap reads from a file; write one request a line"


def records(path: Path, stream: io.BufferedReader[Any]) -> Iterator[Record]:
    """The requests of a JSON file."""
    lines = _lines(stream)
    head = []
    for line in lines:  # the first two lines tell whether each line is a request
        head.append(line)
        if _is_object(line[1]):
            yield from _each_line(path, chain(head, lines))
            return
        if len(head) == 2:
            break
    yield from _documents(path, chain(head, lines))


def _lines(stream: io.BufferedReader[Any]) -> Iterator[_Line]:
    """Numbered lines that hold something, none longer than the limit by more than a byte."""
    number = 0
    while line := stream.readline(MAX_REQUEST + 1):
        number += 1
        if line.strip():
            yield number, line
        if len(line) > MAX_REQUEST:
            return


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), (dict, list))
    except orjson.JSONDecodeError:
        return False


def _each_line(path: Path, lines: Iterator[_Line]) -> Iterator[Record]:
    for number, line in lines:
        location = Location(path, number, "line")
        if len(line) > MAX_REQUEST:
            yield Problem(location, _TOO_LONG)
            return
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Problem(location, f"this is not JSON ({why(error)})")
            continue
        yield from requests(location, value)


def _documents(path: Path, lines: Iterator[_Line]) -> Iterator[Record]:
    """Objects of several lines each."""
    document: list[_Line] = []
    held = 0
    for number, line in lines:
        document.append((number, line))
        held += len(line)
        if held > MAX_REQUEST:
            yield Problem(Location(path, document[0][0], "line"), _TOO_LONG)
            return
        if line[:1] in {b"}", b"]"}:
            yield from _document(path, document)
            document, held = [], 0
    if document:
        yield from _document(path, document)


def _document(path: Path, document: list[_Line]) -> Iterator[Record]:
    first = document[0][0]
    last = document[-1][0]
    try:
        value = orjson.loads(b"".join(line for _, line in document))
    except orjson.JSONDecodeError as error:
        if any(_is_object(line) for _, line in document):
            yield from _each_line(path, iter(document))
            return
        number = document[min(error.lineno, len(document)) - 1][0]
        problem = f"this is not JSON ({why(error)}): lost are the lines"
        yield Problem(Location(path, number, "line"), f"{problem} {first} to {last}")
        return
    yield from requests(Location(path, first, "line"), value)


def why(error: orjson.JSONDecodeError) -> str:
    """What a JSON error says, and where unless the text ended too soon."""
    return f"{error.msg}, column {error.colno}" if error.colno > 1 else error.msg


def requests(location: Location, value: Any) -> Iterator[Record]:
    """A parsed value as records: an object is a request, a list is several."""
    if isinstance(value, list):
        for element in value:
            yield _request(location, element)
    else:
        yield _request(location, value)


def _request(location: Location, value: Any) -> Record:
    signal = signal_of(value) or TRACES
    if signal is METRICS:
        return OtherSignal(location, signal.name)
    if isinstance(value, dict) and signal.field not in value and (seen := json_like(value)):
        return Problem(location, *seen)
    try:
        return Request(location, request_to_protobuf(value, signal), signal)
    except PayloadError as error:
        return Problem(location, error.what)
