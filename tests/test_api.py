"""The Python API: frames, moments, and names that are resolved."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import front
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracemap
from tracemap.api import Tracemap
from tracemap.errors import InputError, NotFoundError, StoreError
from tracemap.moments import to_ns

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - frames hold naive UTC


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracemap]:
    with tracemap.open(front.shop(tmp_path_factory.mktemp("api"))) as found:
        yield found


@pytest.mark.parametrize(
    "name",
    [
        *("executions", "steps", "handoffs", "messages", "owners", "findings", "keys", "custody"),
        *("spans", "workflows", "analysis", "execution_totals", "custody_totals"),
    ],
)
def test_everything_is_a_frame_with_rows(opened: Tracemap, name: str) -> None:
    frame = getattr(opened, name)()
    assert isinstance(frame, pl.DataFrame)
    assert frame.height > 0


def test_of_one_execution(opened: Tracemap) -> None:
    for frame in (
        opened.steps(front.LOST),
        opened.handoffs(front.LOST),
        opened.custody(front.LOST),
        opened.executions(execution=front.LOST),
    ):
        assert frame["execution"].unique().to_list() == [front.LOST]
    assert opened.spans(front.LOST).height == 4
    assert opened.messages(front.LOST)["state"].to_list() == ["published"]
    with pytest.raises(NotFoundError, match="did you mean"):
        opened.execution("4712")


def test_filters(opened: Tracemap) -> None:
    assert opened.executions(status="abandoned,stalled").height == 1
    assert opened.executions(limit=5).height == 5
    assert opened.executions(service="shipping").height == 40
    assert opened.executions(since="2025-03-03T10:00:00Z").height < 41
    assert opened.findings(severity="critical").is_empty()
    assert opened.findings(severity="low").height == 1
    assert opened.findings(team="logistics,payments").height == 1
    assert opened.findings(team="payments").is_empty()
    assert opened.findings("all", rule="orp002").height == 1
    assert opened.findings(family="stalled").is_empty()
    assert opened.owners(kind="service", team="payments")["name"].to_list() == ["payment"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: t.executions(status="stuck"),
        lambda t: t.findings("open,new"),
        lambda t: t.findings(family="stale"),
        lambda t: t.findings(severity="urgent"),
        lambda t: t.query("retries", limt=3),
    ],
)
def test_words_that_do_not_exist_are_no_empty_frames(
    opened: Tracemap, wrong: Callable[[Tracemap], pl.DataFrame]
) -> None:
    with pytest.raises(InputError):
        wrong(opened)


@pytest.mark.parametrize(
    "text", ["", "   ", "%", "'", '"', "=", "order.id=", "=4711", "$.a=1", "/a=1"]
)
def test_odd_names_are_not_found_and_break_nothing(opened: Tracemap, text: str) -> None:
    with pytest.raises(NotFoundError):
        opened.resolve(text)


@given(st.text(max_size=40))
def test_no_name_breaks_the_search(opened: Tracemap, text: str) -> None:
    with suppress(NotFoundError):
        assert opened.resolve(text)


def test_how_a_name_ends_is_enough(opened: Tracemap) -> None:
    assert opened.resolve("ord-1003") == ["ord-1003"]
    assert opened.resolve("1003") == ["ord-1003"]


def test_how_a_uuid_or_a_cut_name_begins_is_enough(opened: Tracemap, tmp_path: Path) -> None:
    assert opened.resolve("ORD-1003…") == ["ord-1003"]
    assert opened.resolve("order.id=ORD-1003") == ["ord-1003"]
    with pytest.raises(NotFoundError):  # not the first of many that begin so
        opened.resolve("ord-100")
    name = "736a947a-843f-4da7-b1ee-daffcc3d5506"
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join(line.replace(b"ord-1003", name.encode()) for line in front.lines()))
    with tracemap.open(tmp_path / "new.duckdb", create=True) as other:
        other.import_files([file])
        for text in (name[:8], name[:20].upper(), f"{name[:24]}…"):
            assert other.resolve(text) == [name]


def test_a_value_that_is_no_key_finds_its_execution(opened: Tracemap) -> None:
    (message,) = opened.messages(front.LOST)["message_id"].to_list()
    assert opened.resolve(message) == [front.LOST]
    for everywhere in ("kafka", "orders"):  # of a destination, and of each path
        with pytest.raises(NotFoundError):
            opened.resolve(everywhere)


def test_ids_and_attributes_find_their_execution(opened: Tracemap) -> None:
    rows = opened.spans(front.LOST).to_dicts()
    for row in rows:
        trace, span = row["trace_id"], row["span_id"]
        for text in (trace, trace[:20].upper(), span, span.upper()):
            assert opened.resolve(text) == [front.LOST]
        for name, value in json.loads(row["attributes"]).items():
            if name == "messaging.message.id":
                assert opened.resolve(f"{name}={value}") == [front.LOST]
    assert rows
    with pytest.raises(NotFoundError):
        opened.resolve("f" * 16)


def test_a_segment_of_a_path_finds_its_execution(tmp_path: Path) -> None:
    text = (front.SAMPLES / "unkeyed-traces" / "input.otlp.jsonl").read_text(encoding="utf-8")
    file = tmp_path / "a.jsonl"
    file.write_text(text.replace("POST /reports", "POST /reports/8005/lines", 1), encoding="utf-8")
    with tracemap.open(tmp_path / "new.duckdb", create=True) as opened:
        opened.import_files([file])
        assert len(opened.resolve("8005")) == 1
        for part in ("800", "005"):
            with pytest.raises(NotFoundError):
                opened.resolve(part)


def test_files_are_imported(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join(front.lines()))
    with tracemap.open(tmp_path / "new.duckdb", create=True) as opened:
        result = opened.import_files([file, tmp_path / "absent"])
        assert (result.spans, result.problem_count) == (204, 1)
        assert opened.reconcile().executions == 41


def test_spans_that_had_been_stored_before_are_counted(tmp_path: Path) -> None:
    monday, tuesday, wednesday = front.lines()
    first, both, none = (tmp_path / name for name in ("first", "both", "none"))
    first.write_bytes(monday)
    both.write_bytes(monday + b"\n" + tuesday)
    none.write_bytes(b"{}")
    other = wednesday.replace(b'"traceId":"', b'"traceId":"0000')  # other traces, the same span ids
    other = re.sub(rb'("traceId":"[0-9a-f]{32})[0-9a-f]{4}', rb"\1", other)
    apart = tmp_path / "apart"
    apart.write_bytes(wednesday + b"\n" + other)
    db = tmp_path / "new.duckdb"
    with tracemap.open(db, create=True) as opened:
        result = opened.import_files([first])
        once = result.spans
        assert (once > 0, result.copies) == (True, 0)
        assert opened.import_files([apart, none]).copies == 0
    with front.serving(db), tracemap.open(db) as opened:
        assert opened.import_files([both]).copies == once  # tuesday's are new
        result = opened.import_files([first, both, tmp_path / "absent"])
        assert (result.copies, result.spans) == (result.spans, result.spans)
    with tracemap.open(tmp_path / "twice.duckdb", create=True) as opened:
        assert opened.import_files([first, both]).copies == once  # in one import


def test_a_database_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        tracemap.open(tmp_path / "absent.duckdb")
    assert list(tmp_path.iterdir()) == []


@given(st.datetimes(min_value=EPOCH, max_value=EPOCH.replace(year=2200)))
def test_moments_are_exact(moment: dt.datetime) -> None:
    ns = to_ns(moment)
    assert ns == to_ns(moment.replace(tzinfo=UTC))
    assert ns == to_ns(moment.isoformat())
    assert ns == to_ns(f"{moment.isoformat()}Z")
    assert ns is not None
    there = dt.timezone(dt.timedelta(hours=5, minutes=30))
    assert to_ns(moment.replace(tzinfo=UTC).astimezone(there).isoformat()) == ns
    assert EPOCH + dt.timedelta(microseconds=ns // 1000) == moment


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01", 0),
        ("1970-01-01 00:01", 60 * 10**9),
        ("1970-01-01T01:00:00+0100", 0),
    ],
)
def test_moments_as_people_write_them(text: str, ns: int) -> None:
    assert to_ns(text) == ns


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "2026-01-31T25:00:00Z", "1.1.2026"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(InputError, match="is not a time"):
        to_ns(text)
