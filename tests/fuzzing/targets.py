"""What is fuzzed: how inputs are made, and what must hold of each, whatever it is.

``run`` gives a word on how an input ended ("taken", or an error's text without its numbers) and
raises for anything that must not be: an error that is not of our own kind, a disagreement with
protobuf's own reading, a bound that did not hold. An input that ends in a new way is kept, and
changed further.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import otlp_files
import otlp_requests as otlp
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuzzing.damage import damaged
from fuzzing.making import Maker
from tracemap.batch import SpanBatch
from tracemap.collectors.files import import_files, read_file
from tracemap.collectors.files.records import Problem
from tracemap.collectors.otlp import logs, metrics
from tracemap.collectors.otlp.compression import ENCODINGS, decompress
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.http import OtlpHttp
from tracemap.collectors.otlp.intake import Intake, Taken
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.collectors.otlp.writer import GroupCommit
from tracemap.errors import PayloadError, TooLargeError, TracemapError

_REQUEST = ExportTraceServiceRequest.DESCRIPTOR
_MIB = 1 << 20


@dataclass(frozen=True)
class Target:
    """One decoder."""

    make: Callable[[Random], bytes]
    run: Callable[[bytes], str]
    #: Inputs that are tried first: sound ones, and those that are known to be hard.
    first: Callable[[], Iterator[bytes]]


def _word(error: TracemapError) -> str:
    """An error without what differs from input to input. It is one line."""
    assert "\n" not in str(error), f"an error of several lines: {error}"
    return re.sub(r'"[^"]*"|[\d.]+', "#", str(error))[:80]


# --- protobuf -------------------------------------------------------------------------------------


def _requests(rng: Random, message: Descriptor = _REQUEST) -> bytes:
    wrong = rng.choice((0.0, 0.01, 0.1))
    return Maker(rng, wrong=wrong, deepest=rng.choice((4, 6, 9))).protobuf(message)


def _protobuf(data: bytes) -> str:
    try:
        expected = ExportTraceServiceRequest.FromString(data)
    except DecodeError:
        expected = None
    try:
        batch = decode([data])
    except TooLargeError as error:
        return _word(error)
    except PayloadError as error:
        # What protobuf reads we read, but for what is limited, and what holds no trace at all.
        limited = " of a resource " in str(error) or " of a scope " in str(error)
        if expected is not None and expected.resource_spans and not limited:
            raise AssertionError(f"protobuf reads it: {error}") from error
        return _word(error)
    if expected is not None:
        _agrees(batch, expected)
    return f"taken {bool(batch.rejected)} {bool(batch.reasons)} {expected is None}"


def _agrees(batch: SpanBatch, expected: ExportTraceServiceRequest) -> None:
    spans = [s for r in expected.resource_spans for c in r.scope_spans for s in c.spans]
    assert batch.spans.num_rows + batch.rejected == len(spans)
    if not batch.rejected:
        assert batch.spans["name"].to_pylist() == [span.name for span in spans]
        assert batch.spans["start_ns"].to_pylist() == [s.start_time_unix_nano for s in spans]
    if not batch.reasons:
        assert batch.events.num_rows == sum(len(span.events) for span in spans)
        assert batch.links.num_rows == sum(len(span.links) for span in spans)
        widths = [len(batch.shapes[n].keys) for n in batch.spans["shape_no"].to_pylist()]
        assert widths == [len(span.attributes) for span in spans]


def _nested(rng: Random) -> bytes:
    """Much of one thing within or beside itself."""
    many = rng.choice((100, 3000, 30_000))
    tag = otlp.varint(rng.randrange(1, 16) << 3 | rng.choice((2, 3)))
    body = tag * many if rng.random() < 0.5 else (tag + b"\0") * many
    for number in rng.choice(((1, 2, 2), (1, 2, 2, 9, 2), (1, 1, 1, 2), (1, 2, 1), (1,), ())):
        body = otlp.field(number, body)
    return body


def _make_protobuf(rng: Random) -> bytes:
    kind = rng.random()
    if kind < 0.02:
        return _nested(rng)
    body = _requests(rng)
    return damaged(rng, body, _requests(rng)) if kind < 0.5 else body


def _first_protobuf() -> Iterator[bytes]:
    yield otlp.body(otlp.span())
    yield from otlp_files.PROTOBUF
    for number in (1, 2):  # 4 MiB of empty messages
        yield otlp.field(1, (otlp.varint(number << 3 | 2) + b"\0") * (2 * _MIB))
    for number in (9, 11, 13, 15):
        yield otlp.raw_body((otlp.varint(number << 3 | 2) + b"\0") * (2 * _MIB))
    yield b"\x0a\0" * (2 * _MIB)
    yield b"\x0b" * 200_000
    yield otlp.raw_body(b"\x7b" * 200_000)


# --- logs and metrics -----------------------------------------------------------------------------


def _logs(data: bytes) -> str:
    try:
        expected = ExportLogsServiceRequest.FromString(data)
    except DecodeError:
        expected = None
    try:
        batch = logs.decode([data])
    except TooLargeError as error:
        return _word(error)
    except PayloadError as error:
        limited = " of a resource " in str(error) or " of a scope " in str(error)
        if expected is not None and expected.resource_logs and not limited:
            raise AssertionError(f"protobuf reads it: {error}") from error
        return _word(error)
    if expected is not None:
        records = [x for r in expected.resource_logs for s in r.scope_logs for x in s.log_records]
        found = batch.logs.num_rows + batch.rejected + sum(batch.unrelated)
        assert found == len(records)
    return f"taken {bool(batch.logs.num_rows)} {bool(batch.rejected)} {bool(batch.unrelated)}"


def _make_logs(rng: Random) -> bytes:
    kind = rng.random()
    if kind < 0.02:
        return _nested(rng)
    body = _requests(rng, ExportLogsServiceRequest.DESCRIPTOR)
    return damaged(rng, body, _requests(rng)) if kind < 0.5 else body


def _first_logs() -> Iterator[bytes]:
    for number in (2, 6, 15):
        empty = (otlp.varint(number << 3 | 2) + b"\0") * (2 * _MIB)
        yield otlp.field(1, otlp.field(2, empty))
        yield otlp.field(1, otlp.field(2, otlp.field(2, empty)))
    yield b"\x0b" * 200_000


def _metrics(data: bytes) -> str:
    try:
        points = metrics.data_points(data)
    except (PayloadError, TooLargeError) as error:
        return _word(error)
    return f"taken {min(points, 2)}"


def _make_metrics(rng: Random) -> bytes:
    body = _requests(rng, ExportMetricsServiceRequest.DESCRIPTOR)
    return damaged(rng, body, _requests(rng)) if rng.random() < 0.5 else body


def _first_metrics() -> Iterator[bytes]:
    yield b"\x0a\0" * (2 * _MIB)
    yield otlp.field(1, otlp.field(2, b"\x12\0" * (2 * _MIB)))
    yield otlp.field(1, otlp.field(2, otlp.field(2, otlp.field(5, b"\x0a\0" * (2 * _MIB)))))
    yield b"\x0b" * 200_000


# --- JSON -----------------------------------------------------------------------------------------


def _make_json(rng: Random) -> bytes:
    wrong = rng.choice((0.0, 0.01, 0.1))
    made = Maker(rng, wrong=wrong, deepest=rng.choice((4, 6, 9))).json(_REQUEST)
    text = json.dumps(made, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, 1)))
    data = text.encode("utf-8", "surrogatepass")
    return damaged(rng, data, b'{"values":[{"key":"k","value":[[[[') if rng.random() < 0.4 else data


def _json(data: bytes) -> str:
    try:
        body = to_protobuf(data)
    except (PayloadError, TooLargeError) as error:
        return _word(error)
    if data.count(b"{") < 90:  # protobuf's library reads a hundred levels
        ExportTraceServiceRequest.FromString(body)
    try:
        batch = decode([body])
    except (PayloadError, TooLargeError) as error:
        if body and data.count(b"{") < 90 and " of a " not in str(error):
            raise AssertionError(f"we wrote it ourselves: {error}") from error
        return _word(error)
    return f"taken {bool(batch.rejected)} {bool(batch.reasons)}"


def _first_json() -> Iterator[bytes]:
    yield from otlp_files.JSON
    yield from otlp_files.PRETTY
    value, end = b'{"kvlistValue":{"values":[{"key":"k","value":', b"}]}}"
    head = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":'
    for depth in (30, 64, 65, 250, 1000, 200_000):
        yield head + value * depth + b"{}" + end * depth + b"}]}]}]}]}"
    for mark in (b"[", b'{"a":', b'{"resourceSpans":[', b'{"resourceSpans":'):
        yield mark * 200_000
        yield mark * 200_000 + b"1"
    yield b"[" + b"{}," * (_MIB + 300_000) + b"{}]"
    yield b'{"resourceSpans":[' + b"{}," * (_MIB + 300_000) + b"{}]}"
    yield b'{"a":' + b"9" * _MIB + b"}"
    yield b'{"a":"' + b"\\ud83d" * 100_000 + b'"}'


# --- compression ----------------------------------------------------------------------------------

_LIMIT = _MIB
_NAMES = ("identity", "gzip", "x-gzip", "deflate", "zstd")


def _compressed(data: bytes) -> str:
    """The first byte says which encoding the rest claims to be in."""
    name = _NAMES[data[0] % len(_NAMES)] if data else "gzip"
    assert set(_NAMES) == set(ENCODINGS), "an encoding that is not fuzzed"
    try:
        plain = decompress(data[1:], name, _LIMIT)
    except (PayloadError, TooLargeError) as error:
        return name + _word(error)
    assert len(plain) <= _LIMIT
    return f"{name} taken"


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


_COMPRESS: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    lambda data: gzip.compress(data, 1),
    lambda data: gzip.compress(data[:5], 9) + gzip.compress(data[5:], 0),
    zlib.compress,
    otlp_files.zstd,
    _raw_deflate,
)
_AS = (0, 1, 2, 3, 4, 3)


def _make_compressed(rng: Random) -> bytes:
    plain = rng.choice((b"", b"a", otlp_files.PROTOBUF[0], rng.randbytes(500), bytes(100_000)))
    if rng.random() < 0.02:
        plain = bytes(rng.choice((_LIMIT - 1, _LIMIT, _LIMIT + 1, 20 * _LIMIT)))
    which = rng.randrange(len(_COMPRESS))
    data = _COMPRESS[which](plain)
    if len(data) < 100_000:
        data *= rng.choice((1, 1, 1, 2, 50))
    if rng.random() < 0.7:
        data = damaged(rng, data, _COMPRESS[rng.randrange(len(_COMPRESS))](b"other"))
    claimed = _AS[which] if rng.random() < 0.9 else rng.randrange(len(_NAMES))
    return bytes([claimed]) + data


def _first_compressed() -> Iterator[bytes]:
    for which, name in enumerate(_AS):
        for size in (0, 1000, _LIMIT, _LIMIT + 1, 60 * _LIMIT):
            yield bytes([name]) + _COMPRESS[which](bytes(size))
    yield b"\1" + gzip.compress(b"") * 100_000  # members without end
    yield b"\4" + otlp_files.zstd(b"") * 100_000


# --- files ----------------------------------------------------------------------------------------


def _files(data: bytes) -> str:
    with tempfile.TemporaryDirectory(prefix="tracemap-fuzz-") as folder:
        path = Path(folder) / "input"
        path.write_bytes(data)
        problems = [one.what for one in read_file(path) if isinstance(one, Problem)]
        result = import_files([path], _forget)
    assert result.problem_count >= len(problems)
    for problem in problems:
        assert "\n" not in problem
    told = re.sub(r'"[^"]*"|[\d.]+', "#", " ".join(problems[:2]))[:80]
    return f"{min(result.requests, 2)} {min(result.rejected, 1)} {told}"


def _forget(_: Sequence[SpanBatch], /, *, source: str) -> None:
    """Stores nothing."""


def _make_file(rng: Random) -> bytes:
    data = rng.choice(tuple(otlp_files.FORMATS.values()))
    if rng.random() < 0.3:
        data = otlp_files.by_varint(_requests(rng), _requests(rng))
    damage = rng.random()
    if damage < 0.5:
        data = damaged(rng, data, rng.choice(tuple(otlp_files.FORMATS.values())))
    data = rng.choice((bytes, bytes, gzip.compress, otlp_files.zstd))(data)
    return damaged(rng, data) if damage > 0.8 else data


def _first_file() -> Iterator[bytes]:
    yield from otlp_files.FORMATS.values()
    yield gzip.compress(otlp_files.by_varint(*otlp_files.PROTOBUF))
    yield from (b"", b"\n" * 100_000, b"{" * 200_000, b"[" * 200_000, b"\0" * 100_000)
    yield b"\x7f\xff\xff\xff" + b"\x0a"  # a length of two gigabytes
    yield gzip.compress(bytes(30 * _MIB))
    yield otlp_files.by_four_bytes(b"\x0a\0" * _MIB)


# --- HTTP -----------------------------------------------------------------------------------------

_STATUSES = frozenset({200, 400, 404, 405, 413, 415})
_TYPES = (
    "application/x-protobuf",
    "application/json",
    "Application/JSON; charset=utf-8",
    "",
    "a/b",
)
_CODINGS = (*_NAMES, "", "br", "gzip, gzip", "GZIP")


class _Loop:
    """The receiver's application, without sockets. Kept from input to input, as a server's is."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.intake = Intake(GroupCommit(lambda _: None))
        self.app = OtlpHttp(self.intake)

    def answer(self, scope: dict[str, Any], parts: list[bytes]) -> tuple[int, bytes]:
        """Status and body of the answer to one request."""
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            more = len(parts) > 1
            return {"type": "http.request", "body": parts.pop(0), "more_body": more}

        async def send(message: Any) -> None:
            sent.append(message)

        self.runner.run(self.app(scope, receive, send))
        assert [message["type"] for message in sent] == [
            "http.response.start",
            "http.response.body",
        ]
        return sent[0]["status"], sent[1]["body"]


_loop: _Loop | None = None


def _http(data: bytes) -> str:
    """A line of JSON, [path, method, headers, parts], and the body."""
    global _loop  # noqa: PLW0603 - made where it is used: in the child
    _loop = _loop or _Loop()
    head, _, body = data.partition(b"\n")
    try:
        path, method, headers, parts = json.loads(head)
        scope: dict[str, Any] = {"type": "http", "path": str(path), "method": str(method)}
        scope["headers"] = [(str(k).encode(), str(v).encode()) for k, v in headers]
        parts = max(1, min(5, int(parts)))
    except (ValueError, TypeError):
        return "no request"
    size = len(body) // parts + 1
    status, told = _loop.answer(scope, [body[n * size : (n + 1) * size] for n in range(parts)])
    assert status in _STATUSES, (status, told)
    waiting: Future[Taken] = _loop.intake.submit(otlp.body(otlp.span()))
    assert waiting.result(60) == Taken(), "it takes nothing any more"
    return f"{status} {re.sub(rb'[0-9]+', b'#', told[:40])!r}"


def _make_http(rng: Random) -> bytes:
    body = rng.choice((_make_protobuf, _make_json))(rng)[:8000]
    if rng.random() < 0.4:
        body = _make_compressed(rng)[1:]
    headers = [
        ("content-type", rng.choice(_TYPES)),
        ("content-encoding", rng.choice(_CODINGS)),
        ("content-length", rng.choice((str(len(body)), "", "-1", "9" * 30, "²"))),
    ]
    chosen = [one for one in headers if rng.random() < 0.8]
    path = rng.choice(("/v1/traces",) * 8 + ("/v1/logs", "/v1/metrics", "/", "/v1/profiles"))
    method = rng.choice(("POST",) * 8 + ("GET", "PUT", ""))
    return json.dumps([path, method, chosen, rng.randrange(1, 5)]).encode() + b"\n" + body


def _first_http() -> Iterator[bytes]:
    rng = Random(0)
    for coding in _CODINGS:
        headers = [("content-type", "application/x-protobuf"), ("content-encoding", coding)]
        head = json.dumps(["/v1/traces", "POST", headers, 1]).encode() + b"\n"
        yield head + rng.randbytes(50)
        yield head + b"\x1f\x8b" + bytes(100_000)


TARGETS: dict[str, Target] = {
    "protobuf": Target(_make_protobuf, _protobuf, _first_protobuf),
    "logs": Target(_make_logs, _logs, _first_logs),
    "metrics": Target(_make_metrics, _metrics, _first_metrics),
    "json": Target(_make_json, _json, _first_json),
    "compressed": Target(_make_compressed, _compressed, _first_compressed),
    "files": Target(_make_file, _files, _first_file),
    "http": Target(_make_http, _http, _first_http),
}
