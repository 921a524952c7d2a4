"""What went in comes out again as the same OTLP: every field, every type of value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import front
import otlp_requests as otlp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from otlp_requests import attribute, deep_attribute, field, raw_body, span
from typer.testing import CliRunner

import tracemap
from tracemap import export
from tracemap.batch import SpanBatch, ValueType
from tracemap.cli.app import app
from tracemap.collectors import files
from tracemap.collectors.otlp import encode
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.errors import NotFoundError, ServerError
from tracemap.store import Store
from tracemap.web import batches

RUNNER = CliRunner()


def rows(messages: Sequence[ExportTraceServiceRequest]) -> str:
    """Every span of requests with all its fields, however they are grouped."""
    return otlp.comparable([row for one in messages for row in otlp.rows_of_message(one)])


def parsed(bodies: Sequence[bytes]) -> list[ExportTraceServiceRequest]:
    return [ExportTraceServiceRequest.FromString(body) for body in bodies]


def exported(found: Sequence[SpanBatch]) -> tuple[str, str]:
    """The rows of an export as protobuf, and as JSON."""
    as_protobuf = [body for batch in found for body in encode.to_protobuf(batch)]
    as_json = [to_protobuf(body) for batch in found for body in encode.to_json(batch)]
    return rows(parsed(as_protobuf)), rows(parsed(as_json))


@settings(max_examples=60)
@given(st.lists(otlp.requests(), min_size=1, max_size=3))
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, sent: list[ExportTraceServiceRequest]
) -> None:
    with Store.open(tmp_path_factory.mktemp("export") / "db") as store:
        for one in sent:
            store.write([decode([one.SerializeToString()])])
        found = list(export.batches(store))
    assert exported(found) == (rows(sent), rows(sent))


def test_the_bounds_of_every_number_come_out(tmp_path: Path) -> None:
    most = otlp.request(
        span(
            start_time_unix_nano=2**64 - 1,
            end_time_unix_nano=2**64 - 1,
            flags=2**32 - 1,
            dropped_attributes_count=2**32 - 1,
            trace_state="a=b",
            parent_span_id=b"\xff" * 8,
            attributes=[
                attribute("i", int_value=-(2**63)),
                attribute("d", double_value=5e-324),
                attribute("z", double_value=-0.0),
                attribute("n", double_value=float("nan")),
                attribute("t", string_value="\0\u2028\U0001f40d"),
                attribute("e"),
            ],
        )
    )
    with Store.open(tmp_path / "db") as store:
        store.write([decode([most.SerializeToString()])])
        assert exported(list(export.batches(store))) == (rows([most]), rows([most]))


def test_the_deepest_values_come_out(tmp_path: Path) -> None:
    # Protobuf's own library does not read so deep: what is stored again is compared.
    innermost = (AnyValue(int_value=1), AnyValue(bytes_value=b"x"))
    body = raw_body(
        span().SerializeToString()
        + b"".join(field(9, deep_attribute("deep", 64, value)) for value in innermost)
    )
    sent = decode([body])
    assert sent.shapes[sent.spans["shape_no"][0].as_py()].types == (
        ValueType.KVLIST,
        ValueType.NESTED,
    )
    with Store.open(tmp_path / "db") as store:
        store.write([sent])
        (batch,) = export.batches(store)
    (text,) = encode.to_json(batch)
    for again in (decode(list(encode.to_protobuf(batch))), decode([to_protobuf(text)])):
        assert again.spans.equals(sent.spans)
        assert again.shapes == sent.shapes


def test_an_export_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_REQUEST", 300)
    monkeypatch.setattr(export, "_FIRST", 3)
    monkeypatch.setattr(export, "_MOST", 7)
    sent = [
        otlp.request(*(span(f"{n}-{m}", span_id=(100 * n + m + 1).to_bytes(8)) for m in range(n)))
        for n in range(1, 12)
    ]
    with Store.open(tmp_path / "db") as store:
        store.write([decode([one.SerializeToString()]) for one in sent])
        found = list(export.batches(store))
    assert max(batch.spans.num_rows for batch in found) <= 7
    texts = [text for batch in found for text in encode.to_json(batch)]
    assert len(texts) > len(found)
    assert max(map(len, texts)) < 1000
    assert exported(found) == (rows(sent), rows(sent))


@pytest.mark.parametrize("served", [False, True])
def test_the_command_writes_what_import_reads(tmp_path: Path, served: bool) -> None:
    shop = front.shop(tmp_path)
    sent = rows(parsed([to_protobuf(line) for line in front.lines()]))
    written = [tmp_path / "a.jsonl", tmp_path / "a.binpb"]
    commands = [
        ["export", "--db", str(shop), "--out", str(written[0])],
        ["export", "--db", str(shop), "-f", "otlp-proto", "--out", str(written[1])],
    ]
    if served:
        with front.serving(shop):
            results = [RUNNER.invoke(app, words) for words in commands]
    else:
        results = [RUNNER.invoke(app, words) for words in commands]
    assert [result.exit_code for result in results] == [0, 0], results[0].output
    assert sorted(path.name for path in tmp_path.glob("*a.*")) == ["a.binpb", "a.jsonl"]
    for path in written:
        found = list(files.read(path))
        assert exported(found)[0] == sent
    assert RUNNER.invoke(app, commands[0][:3]).stdout_bytes == written[0].read_bytes()


@pytest.mark.parametrize("served", [False, True])
def test_one_execution_alone(tmp_path: Path, served: bool) -> None:
    shop = front.shop(tmp_path)

    def check() -> None:
        with tracemap.open(shop) as opened:
            spans = opened.spans(front.LOST)
            found = parsed(list(opened.export(front.LOST, protobuf=True)))
            with pytest.raises(NotFoundError, match="there is no execution 'nothing'"):
                list(opened.export("nothing"))
        ids = [
            one.span_id.hex() for m in found for r in m.resource_spans
            for s in r.scope_spans for one in s.spans
        ]  # fmt: skip
        assert sorted(ids) == sorted(spans["span_id"].to_list())
        assert 0 < len(ids) < 30

    if served:
        with front.serving(shop):
            check()
    else:
        check()
    args = ["export", "--db", str(shop), "--execution", f"order.id={front.LOST}"]
    assert b'"4711"' in RUNNER.invoke(app, args).stdout_bytes


def test_an_empty_database_gives_an_empty_file(tmp_path: Path) -> None:
    Store.open(tmp_path / "db").close()
    out = tmp_path / "none.jsonl"
    assert (
        RUNNER.invoke(app, ["export", "--db", str(tmp_path / "db"), "-o", str(out)]).exit_code == 0
    )
    assert out.read_bytes() == b""


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    out = tmp_path / "no" / "a.jsonl"
    result = RUNNER.invoke(app, ["export", "--db", str(front.shop(tmp_path)), "-o", str(out)])
    assert result.exit_code == 2
    assert "the file cannot be written" in result.stderr


def test_a_stream_that_is_cut_off_is_told(tmp_path: Path) -> None:
    batch = decode([otlp.body(span())])
    whole = batches.framed(batch) * 2 + batches.END
    assert len(list(batches.read_stream([whole[n : n + 1] for n in range(len(whole))]))) == 2
    for end in (0, 5, 20, len(whole) - 8, len(whole) - 1):
        with pytest.raises(ServerError, match="cut off"):
            list(batches.read_stream([whole[:end]]))
