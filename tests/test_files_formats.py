"""Files are read by what is in them: every format, plain and compressed, sound and damaged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import otlp_files as made
import otlp_requests as otlp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_files import JSON, NAMES, PRETTY, PROTOBUF, by_four_bytes, by_varint, lines

from tracemap.collectors.files import OtherSignal, Problem, Request, read_file
from tracemap.collectors.files import json_records as json_reading
from tracemap.collectors.otlp.signals import LOGS, TRACES

EXPORT = "give what a Collector's file exporter or an OTLP exporter wrote"
NO_SPANS = f'this is JSON, but not OTLP: it has no "resourceSpans" ({EXPORT})'
CONVERT = "let a Collector receive it and write it with its file exporter"
NO_KEY = "unexpected character, expected a string key"
TOO_LONG = "a request larger than tracemap reads from a file; write one request a line"
FIVE = "5 stands where text belongs"
SIZE = len(PROTOBUF[2])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trace"  # the name says nothing


def read(file: Path, content: bytes) -> tuple[list[str], list[str]]:
    """The names of the spans that were read, and the problems without the folder's name."""
    file.write_bytes(content)
    names, problems = [], []
    for record in read_file(file):
        if isinstance(record, Request):
            message = ExportTraceServiceRequest.FromString(record.body)
            names += [
                one.name
                for sent in message.resource_spans
                for scoped in sent.scope_spans
                for one in scoped.spans
            ]
        else:
            problems.append(str(record).replace(str(file), file.name))
    return names, problems


@pytest.mark.parametrize("compression", made.COMPRESSIONS)
@pytest.mark.parametrize("kind", made.FORMATS)
def test_every_format_in_every_compression(file: Path, kind: str, compression: str) -> None:
    content = made.COMPRESSIONS[compression](made.FORMATS[kind])
    assert read(file, content) == (NAMES, [])


# Named: gzip writes the time, and a test's name must be the same for every worker.
@pytest.mark.parametrize(
    "content",
    [JSON[0], PRETTY[0], PROTOBUF[0], gzip.compress(PROTOBUF[0])],
    ids=["json", "pretty json", "protobuf", "gzip"],
)
def test_a_file_of_one_request(file: Path, content: bytes) -> None:
    assert read(file, content) == (["a"], [])


@pytest.mark.parametrize("size", [ord("{"), ord("[")])
@pytest.mark.parametrize("before", [b"", b"length"])
def test_a_length_that_looks_like_a_bracket(file: Path, size: int, before: bytes) -> None:
    inner = size - 2 if before else size  # of the message after its length, or of its first field
    name = "x"
    while len(otlp.request(otlp.span(name)).resource_spans[0].SerializeToString()) < inner:
        name += "x"
    body = otlp.request(otlp.span(name)).SerializeToString()
    content = by_varint(body) if before else body
    assert content[:2] == (bytes([size]) + b"\n" if before else b"\n" + bytes([size]))
    assert read(file, content) == ([name], [])


def test_json_may_begin_with_empty_lines(file: Path) -> None:
    assert read(file, b"\n \n" + lines(*JSON)) == (NAMES, [])


def test_a_line_of_another_signal_is_told_apart(file: Path) -> None:
    file.write_bytes(lines(b'{"resourceLogs":[]}', JSON[0], b'{"resourceMetrics":[]}'))
    logs, traces, metrics = read_file(file)
    assert isinstance(logs, Request)
    assert isinstance(traces, Request)
    assert isinstance(metrics, OtherSignal)
    assert (logs.signal, traces.signal, metrics.signal) == (LOGS, TRACES, "metrics")


@pytest.mark.parametrize(
    ("content", "names", "problems"),
    [
        (
            lines(JSON[0], b'{"resourceSpans":[{', JSON[1], b"garbage", JSON[2]),
            NAMES,
            [
                "trace:2: this is not JSON (unexpected end of data)",
                "trace:4: this is not JSON (unexpected character, expected a JSON value)",
            ],
        ),
        (
            lines(b'{"resourceSpans":[{', b'{"resourceSpans', b"{", JSON[0], JSON[1]),
            ["a", "b"],
            [
                "trace:1: this is not JSON (unexpected end of data)",
                "trace:2: this is not JSON (unexpected control character in string, column 16)",
                "trace:3: this is not JSON (unexpected end of data)",
            ],
        ),
        (
            lines(JSON[0], b'{"resourceSpans":[{"schemaUrl":5}]}', b"", b'{"spans":[]}', b"7"),
            ["a"],
            [
                f"trace:2: this is not OTLP/JSON: resourceSpans[0].schemaUrl: {FIVE}",
                f"trace:4: {NO_SPANS}",
                "trace:5: this is not OTLP/JSON: 7 stands where an object belongs",
            ],
        ),
        (
            b'[{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"a2fb4a1d1a96d312"}]',
            [],
            [f"trace:1: this is a span of Zipkin, not OTLP ({CONVERT})"],
        ),
        (
            by_varint(*PROTOBUF)[:-9],
            ["a", "b"],
            [f"trace, message 3: it is cut off after {SIZE - 9} of {SIZE} bytes"],
        ),
        (
            by_four_bytes(PROTOBUF[0], b"{nonsense") + b"\xff\xff\xff\xff",
            ["a"],
            [
                f"trace, message 2: this is not JSON ({NO_KEY}, column 2)",
                "trace, message 3: it claims 4294967295 bytes: the file is damaged from here on",
            ],
        ),
        (
            by_four_bytes(PROTOBUF[0], made.zstd(PROTOBUF[1])[:-3], PROTOBUF[2]),
            ["a", "c"],
            ["trace, message 2: the body is not zstd, or cut off"],
        ),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_read(
    file: Path, content: bytes, names: list[str], problems: list[str]
) -> None:
    assert read(file, content) == (names, problems)


#: As every time: the name of a test that is in it has to be that of all workers.
TWICE = gzip.compress(gzip.compress(lines(*JSON), mtime=0), mtime=0)


@pytest.mark.parametrize(
    ("content", "says", "do"),
    [
        (b"", "the file is empty", "export again"),
        (gzip.compress(b"", mtime=0), "the file is empty", "export again"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is binary, but not OTLP/protobuf", EXPORT),
        (b"order,amount\n4711,129.5\n", "it is text, but not JSON", EXPORT),
        (b"<html>", "it is XML or a web page", EXPORT),
        (b"PK\x03\x04" + bytes(30), "it is a zip archive", "unpack it, and import the files"),
        (b"a.json".ljust(257, b"\0") + b"ustar" + bytes(250), "it is a tar archive", "unpack it"),
        (b"\xfd7zXZ\x00" + bytes(30), "it is compressed with xz", "gzip and zstd are read"),
        (TWICE, "it is compressed twice", "unpack it once"),
        (bytes(8) + b"DUCK" + bytes(50), "it is a DuckDB database", "--db FILE"),
        ('{"resourceSpans":[]}'.encode("utf-16"), "it is text in UTF-16", "UTF-8"),
        (b'{"data":[{"traceID":"ab","spans":[]}],"total":0}', "a trace of Jaeger", CONVERT),
        (b'{"traceID":"ab","spans":[],\n"processes":{}\n}\n', "a trace of Jaeger", CONVERT),
        (b'{"trace":{"resourceSpans":[]}}', "an answer of Tempo", 'what is in "trace"'),
        (b'{"batches":[]}', "an answer of Tempo", 'name "batches" "resourceSpans"'),
        (b'{"context":{"trace_id":"0xab"}}', "a span of a console exporter", "use an OTLP"),
        (b'{"data":[]}', 'it has no "resourceSpans"', EXPORT),
        (b'{"trace":5,"context":null,"data":5}', 'it has no "resourceSpans"', EXPORT),
    ],
)
def test_a_file_that_is_no_trace_is_told_what_it_seems_to_be(
    file: Path, content: bytes, says: str, do: str
) -> None:
    names, problems = read(file, content)
    assert (names, len(problems)) == ([], 1)
    what, _, advice = problems[0].partition(" (")
    assert says in what
    assert do in advice


def test_a_broken_document_loses_its_own_lines_only(file: Path) -> None:
    broken = PRETTY[1].replace(b'"traceId"', b"traceId", 1)
    length = len(PRETTY[0].splitlines())
    names, problems = read(file, lines(PRETTY[0], broken, PRETTY[2]))
    assert names == ["a", "c"]
    at = length + broken[: broken.index(b"traceId")].count(b"\n") + 1
    why = f"this is not JSON ({NO_KEY}, column 15)"
    lost = f"lost are the lines {length + 1} to {2 * length}"
    assert problems == [f"trace:{at}: {why}: {lost}"]


@pytest.mark.parametrize("kind", made.FORMATS)
def test_a_file_that_is_still_being_compressed_gives_what_it_has(file: Path, kind: str) -> None:
    content = gzip.compress(made.FORMATS[kind], compresslevel=0)[:-60]
    names, problems = read(file, content)
    wanted = [] if "list" in kind else ["a", "b"]
    assert names == wanted
    assert len(problems) == 1
    assert problems[0].endswith(
        ": the compressed data is cut off or damaged; what stood before that is kept"
    )


def test_damage_within_zstd_is_told(file: Path) -> None:
    names, problems = read(file, made.zstd(lines(*JSON))[:-10])
    assert (names, len(problems)) == ([], 1)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (missing,) = read_file(tmp_path / "missing")
    (folder,) = read_file(tmp_path)
    assert str(missing) == f"{tmp_path / 'missing'}: there is no such file"
    assert str(folder) == f"{tmp_path}: this is a folder (give its files)"


def test_a_line_beyond_the_limit_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reading, "MAX_REQUEST", len(JSON[0]) + 10)
    names, problems = read(file, lines(JSON[0], b"[" * 10_000, JSON[1]))
    assert names == ["a"]
    assert problems == [f"trace:2: {TOO_LONG}"]
    names, problems = read(file, b"{\n" + b" \n" * 10_000)
    assert (names, len(problems)) == ([], 1)


def test_progress_counts_bytes_of_the_file(file: Path) -> None:
    file.write_bytes(gzip.compress(lines(*JSON)))
    size = file.stat().st_size
    seen: list[tuple[int, int]] = []
    assert len(list(read_file(file, lambda done, total: seen.append((done, total))))) == 3
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {size}
    assert seen[-1][0] == size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.sampled_from([*made.FORMATS.values(), *map(gzip.compress, made.FORMATS.values())]),
    data=st.data(),
)
def test_damaged_files_never_do_more_than_report(
    file: Path, content: bytes, data: st.DataObject
) -> None:
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for record in read_file(file):
        assert isinstance(record, (Request, Problem, OtherSignal))
        assert "\n" not in str(record) or isinstance(record, Request)


def test_the_same_request_in_every_format_is_the_same(file: Path) -> None:
    bodies = []
    for content in made.FORMATS.values():
        file.write_bytes(content)
        records = list(read_file(file))
        bodies.append(
            [
                ExportTraceServiceRequest.FromString(record.body)
                for record in records
                if isinstance(record, Request)
            ]
        )
    assert all(one == made.MESSAGES for one in bodies)
    assert json.loads(JSON[0]) == otlp.to_json(made.MESSAGES[0])
