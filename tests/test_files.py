"""Importing files: what is stored, what is reported, and the recordings of real engines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import otlp_files as made
import otlp_requests as otlp
import pytest
from otlp_files import JSON, NAMES, PROTOBUF, by_four_bytes, lines
from otlp_requests import body, request, span

from tracemap.batch import SpanBatch
from tracemap.collectors import files
from tracemap.collectors.files import importing
from tracemap.errors import PayloadError, StoreError
from tracemap.store import Store


class Sink:
    """Remembers each transaction."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, list[SpanBatch]]] = []

    def __call__(self, batches: Sequence[SpanBatch], /, *, source: str) -> None:
        self.writes.append((source, list(batches)))

    @property
    def names(self) -> list[str]:
        return [
            name
            for _, batches in self.writes
            for batch in batches
            for name in batch.spans["name"].to_pylist()
        ]


@pytest.fixture
def sink() -> Sink:
    return Sink()


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_files_of_any_format_are_imported_together(tmp_path: Path, sink: Sink) -> None:
    paths = [write(tmp_path, f"{n}", content) for n, content in enumerate(made.FORMATS.values())]
    result = files.import_files(paths, sink)
    count = 3 * len(paths)
    assert (result.files, result.spans, result.rejected) == (len(paths), count, 0)
    assert (result.problem_count, result.problems) == (0, [])
    assert sink.names == NAMES * len(paths)
    assert [source for source, _ in sink.writes] == ["recorded"] * len(sink.writes)


def test_the_source_is_passed_on(tmp_path: Path, sink: Sink) -> None:
    files.import_files([write(tmp_path, "a", JSON[0])], sink, source="yesterday")
    assert [source for source, _ in sink.writes] == ["yesterday"]


def test_a_bad_line_is_reported_with_its_place_and_the_rest_is_kept(
    tmp_path: Path, sink: Sink
) -> None:
    path = write(tmp_path, "orders.jsonl", lines(JSON[0], b"oops", JSON[1]))
    result = files.import_files([path, tmp_path / "missing"], sink)
    assert sink.names == ["a", "b"]
    assert (result.requests, result.spans, result.problem_count) == (2, 2, 2)
    assert [str(problem) for problem in result.problems] == [
        f"{path}:2: this is not JSON (unexpected character, expected a JSON value)",
        f"{tmp_path / 'missing'}: there is no such file",
    ]


def test_a_message_that_is_not_otlp_is_found_among_good_ones(tmp_path: Path, sink: Sink) -> None:
    path = write(tmp_path, "orders.pb", by_four_bytes(PROTOBUF[0], b"garbage", PROTOBUF[1]))
    result = files.import_files([path], sink)
    assert sink.names == ["a", "b"]
    assert (result.requests, result.problem_count) == (2, 1)
    assert str(result.problems[0]).startswith(
        f"{path}, message 2: this is not an OTLP trace request ("
    )


def test_rejected_spans_are_counted_and_named(tmp_path: Path, sink: Sink) -> None:
    bad = [span(f"bad {n}", span_id=b"abc") for n in range(7)]
    path = write(
        tmp_path, "orders.pb", by_four_bytes(PROTOBUF[0], body(*bad, span("good")), PROTOBUF[1])
    )
    result = files.import_files([path], sink)
    assert sink.names == ["a", "good", "b"]
    assert (result.spans, result.rejected) == (3, 7)
    assert str(result.problems[0]) == (
        f'{path}, message 2: span 1 of 8 ("bad 0"): the span id has 3 bytes instead of 8'
    )


def test_other_signals_are_left_out_and_counted(tmp_path: Path, sink: Sink) -> None:
    metrics = b'{"resourceMetrics":[]}'
    mixed = write(tmp_path, "mixed", lines(metrics, JSON[0], metrics))
    only = write(tmp_path, "metrics", lines(metrics, metrics))
    result = files.import_files([mixed, only], sink)
    assert sink.names == ["a"]
    assert result.other_signals == 4
    assert [str(problem) for problem in result.problems] == [
        f"{only}: this file holds metrics, not traces or logs"
    ]


def test_spans_are_decoded_and_written_some_thousand_at_a_time(
    tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_DECODED_TOGETHER", 2 * len(PROTOBUF[0]))
    monkeypatch.setattr(importing, "_WRITTEN_TOGETHER", 3)
    path = write(tmp_path, "many", lines(*JSON * 6))
    result = files.import_files([path], sink)
    assert result.spans == 18
    assert [len(batches) for _, batches in sink.writes] == [3, 3, 3]
    assert [batch.spans.num_rows for _, batches in sink.writes for batch in batches] == [2] * 9


def test_an_error_of_the_store_ends_the_import(tmp_path: Path) -> None:
    def full(batches: Sequence[SpanBatch], /, *, source: str) -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        files.import_files([write(tmp_path, "a", JSON[0])], full)


def test_problems_are_kept_up_to_a_number_and_all_counted(
    tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_PROBLEMS", 3)
    path = write(tmp_path, "bad", lines(JSON[0], *[b"oops"] * 10))
    result = files.import_files([path], sink)
    assert (len(result.problems), result.problem_count) == (3, 10)


def test_progress_ends_at_the_size_of_each_file(tmp_path: Path, sink: Sink) -> None:
    paths = [write(tmp_path, name, content) for name, content in made.FORMATS.items()]
    seen: dict[Path, tuple[int, int]] = {}

    def progress(path: Path, done: int, size: int) -> None:
        assert done >= seen.get(path, (0, 0))[0]
        seen[path] = (done, size)

    files.import_files(paths, sink, progress=progress)
    assert seen == {path: (path.stat().st_size,) * 2 for path in paths}


def test_read_gives_batches_and_raises_at_the_first_problem(tmp_path: Path) -> None:
    good = write(tmp_path, "good", lines(*JSON))
    assert [name for batch in files.read(good) for name in batch.spans["name"].to_pylist()] == NAMES
    bad = write(tmp_path, "bad", lines(JSON[0], b"oops"))
    with pytest.raises(PayloadError, match=r"bad:2: this is not JSON"):
        list(files.read(bad))
    rejected = write(tmp_path, "rejected", body(span(span_id=b"")))
    with pytest.raises(PayloadError, match="the span id has 0 bytes"):
        list(files.read(rejected))


def test_imported_spans_are_in_the_store_as_recorded(tmp_path: Path) -> None:
    one = request(span("charge card", attributes=[otlp.attribute("order.id", string_value="4711")]))
    path = write(tmp_path, "order.pb", one.SerializeToString())
    with Store.open(tmp_path / "tracemap.duckdb") as store:
        result = files.import_files([path], partial(store.write, kind="recorded"))
        assert result.spans == 1
        rows = store.cursor().execute(
            "SELECT s.name, b.spans, o.name, o.kind FROM store.span AS s"
            " JOIN store.batch AS b USING (batch_id) JOIN store.source AS o USING (source_id)"
        )
        assert rows.fetchall() == [("charge card", 1, "recorded", "recorded")]


RECORDINGS = Path(
    os.environ.get("TRACEMAP_RECORDINGS", Path(__file__).parents[2] / "shared" / "recordings")
)


@pytest.mark.parametrize(
    ("name", "requests", "spans", "services"),
    [
        ("temporal-spans.otlp.jsonl", 19, 134, 5),
        ("rabbitmq-pika.otlp.jsonl", 19, 19, None),
        ("kafka-confluent.otlp.jsonl", 20, 20, None),
    ],
)
def test_recordings_of_real_engines_import_without_a_problem(
    sink: Sink, name: str, requests: int, spans: int, services: int | None
) -> None:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recordings beside this checkout ({RECORDINGS})")
    result = files.import_files([path], sink)
    assert [str(problem) for problem in result.problems] == []
    assert (result.requests, result.spans, result.rejected) == (requests, spans, 0)
    if services is not None:
        found = set()
        for _, batches in sink.writes:
            for batch in batches:
                for resource in batch.resources:
                    keys = batch.shapes[resource.shape].keys
                    found.add(dict(zip(keys, resource.values, strict=True))["service.name"])
        assert len(found) == services
