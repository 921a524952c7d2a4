"""``tracemap custody ID --chain``: it says of every moment what ``--at`` says of that one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import front
import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import tracemap
from tracemap.api import Tracemap
from tracemap.cli.app import app
from tracemap.store import Store

Open = Callable[[str], Path]
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """The analysed database of a sample, made once."""
    folder = tmp_path_factory.mktemp("chains")

    def database(sample: str) -> Path:
        path = folder / f"{sample}.duckdb"
        if not path.exists():
            given = (front.SAMPLES / sample / "input.otlp.jsonl").read_bytes().splitlines()
            with Store.open(path) as store:
                front.store_lines(store, [line for line in given if line.strip()])
        return path

    return database


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracemap]:
    with tracemap.open(front.shop(tmp_path_factory.mktemp("shop"))) as opened:
        yield opened


def _chain(db: Path, which: str, *options: str, width: int = 160, code: int = 0) -> str:
    words = ["custody", which, "--chain", "--db", str(db), *options]
    result = RUNNER.invoke(app, words, env={"COLUMNS": str(width)})
    assert result.exit_code == code, result.output
    return result.output


def test_the_chain_of_a_lost_order(shop: Tracemap) -> None:
    rows = shop.custody_chain(front.LOST).to_dicts()
    told = [(r["holder"], r["holder_kind"], r["ended_by"], r["to_holder"]) for r in rows]
    assert told == [
        ("checkout", "service", "call", "payment"),
        ("payment", "service", "return", "checkout"),
        ("checkout", "service", "message", "orders"),
        ("orders", "queue", None, None),
    ]
    assert [r["number"] for r in rows] == [1, 2, 3, 4]
    # A caller waits while its callee holds: their times meet, and do not overlap.
    assert rows[0]["until"] == rows[1]["since"]
    assert rows[1]["until"] == rows[2]["since"]
    assert rows[3]["until"] is None
    assert rows[3]["held_ns"] is None
    assert all(r["held_ns"] > 0 for r in rows[:3])
    assert [r["team"] for r in rows] == ["storefront", "payments", "storefront", "logistics"]
    assert rows[2]["to_team"] == "logistics"
    assert [r["boundary"] for r in rows] == [True, True, True, None]
    assert "returned" in json.loads(rows[0]["evidence"])["handoff"]


@pytest.mark.parametrize(
    "sample",
    [
        *("healthy-shop", "orp002-lost-message", "batch-consumer", "sync-and-detached-call"),
        *("dat001-clock-skew", "dup002-not-retry", "nested-receive-and-process"),
        *("child-workflow", "stl002-next-step-overdue", "stl002-not-optional-step"),
        *("message-dead-lettered", "orp001-worker-crashed"),
    ],
)
def test_the_chain_agrees_with_custody_at_any_moment(stored: Open, sample: str) -> None:
    with tracemap.open(stored(sample)) as opened:
        for execution in _telling(opened):
            chain = opened.custody_chain(execution)
            for moment in _moments(chain):
                held = chain.filter(
                    (pl.col("since") <= moment)
                    & (pl.col("until").is_null() | (pl.col("until") > moment))
                )
                at = opened.custody(execution, _utc(moment))
                names = ("holder", "holder_kind", "state", "team")
                assert sorted(held.select(names).rows(), key=str) == sorted(
                    at.select(names).rows(), key=str
                ), (execution, moment)


def _telling(opened: Tracemap) -> list[str]:
    """The executions of most spans, and those that are not completed."""
    frame = opened.executions().sort("spans", "execution", descending=[True, False])
    troubled = frame.filter(pl.col("status") != "completed").head(2)
    return [*frame.head(2)["execution"], *troubled["execution"]]


def _moments(chain: pl.DataFrame) -> list[dt.datetime]:
    """Where a stretch begins or ends, and in the middle between any two of these."""
    ends = sorted({m for row in chain.select("since", "until").rows() for m in row if m})
    middles = [a + (b - a) / 2 for a, b in pairwise(ends)]
    return sorted({*ends, *middles})


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


def test_between_two_steps_the_owner_of_the_next_holds_it(stored: Open) -> None:
    found = False
    with tracemap.open(stored("stl002-not-optional-step")) as opened:
        for execution in _telling(opened):
            rows = opened.custody_chain(execution).to_dicts()
            for before, row, after in zip(rows, rows[1:], rows[2:], strict=False):
                if row["holder_kind"] != "between" or row["until"] is None:
                    continue
                found = True
                assert row["since"] >= before["since"]
                assert row["until"] == after["since"]
                assert row["ended_by"] == "begin"
                assert row["to_holder"] == row["holder"] == after["holder"]
    assert found


def test_a_message_goes_back_to_its_queue_after_a_failed_try(stored: Open) -> None:
    with tracemap.open(stored("message-dead-lettered")) as opened:
        rows = opened.custody_chain("ord-1020").to_dicts()
    told = [(r["holder"], r["state"], r["to_holder"]) for r in rows if r["holder_kind"] == "queue"]
    again = ("orders.placed", "to be tried again", "shipping")
    assert told[2:] == [again, again]
    for before, row in pairwise(rows):
        assert row["since"] >= before["since"]
        if row["state"] == "to be tried again":
            assert row["since"] == before["until"]  # nobody else had it in between


def test_a_consumer_that_vanished_took_its_message_from_the_queue(stored: Open) -> None:
    with tracemap.open(stored("orp001-worker-crashed")) as opened:
        *_, queue, _, held = opened.custody_chain("ord-1020").to_dicts()
        moment = queue["until"] - dt.timedelta(milliseconds=1)
        (then,) = opened.custody("ord-1020", _utc(moment)).to_dicts()
    assert (queue["holder"], queue["state"]) == ("orders.placed", "waiting in the queue")
    assert (queue["to_holder"], queue["to_team"]) == ("shipping", "logistics")
    assert (held["holder"], held["since"]) == ("shipping", queue["until"])
    assert (then["holder"], then["holder_kind"]) == ("orders.placed", "queue")


def test_an_unknown_clock_makes_no_negative_stretch(stored: Open) -> None:
    with tracemap.open(stored("dat001-clock-skew")) as opened:
        for execution in opened.executions()["execution"][:12]:
            held = opened.custody_chain(execution)["held_ns"].drop_nulls().to_list()
            assert held
            assert min(held) >= 0


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_the_table_fits_and_says_who_and_how_long(
    shop: Tracemap, tmp_path: Path, width: int
) -> None:
    lines = _chain(front.shop(tmp_path), front.LOST, width=width).splitlines()
    assert all(cell_len(line) <= max(width, 64) for line in lines)
    assert lines[0].split()[0] == front.LOST
    held = [line.split() for line in lines[2:]]
    assert len(held) == 4
    if width >= 80:
        assert lines[1].split()[:4] == ["FROM", "HELD", "BY", "TEAM"] or "UNTIL" in lines[1]
        assert "storefront" in lines[2]
        assert "logistics" in lines[5]
    if width >= 160:
        assert "calls payment" in lines[2]
        assert "publishes to orders" in lines[4]
        assert "holds it still" in lines[5]


def test_the_chain_for_machines(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    rows: list[dict[str, Any]] = json.loads(_chain(db, front.LOST, "--format", "json"))
    names = "number holder holder_kind state team since until held_ns ended_by to_holder to_team"
    assert list(rows[0]) == ["execution", *names.split(), "boundary", "evidence"]
    assert rows[0]["since"].endswith("Z")
    assert rows[0]["evidence"]["status"] == "ok"
    assert _chain(db, front.LOST, "--format", "csv").splitlines()[0].split(",") == list(rows[0])
    assert "| orders |" in _chain(db, front.LOST, "--format", "md")


def test_a_chain_needs_one_execution_and_no_moment(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    assert "leave --at away" in _chain(db, front.LOST, "--at", "15m", code=2)
    result = RUNNER.invoke(app, ["custody", "--chain", "--db", str(db)])
    assert result.exit_code == 2
    assert "name one" in result.output


def test_who_is_asked_for_by_name_is_the_run_under_way_too(stored: Open) -> None:
    db = str(stored("runs-again-after-its-end"))
    held = RUNNER.invoke(app, ["custody", "ord-1020", "--db", db])
    assert held.exit_code == 0, held.output
    assert [line for line in held.output.splitlines() if line.startswith("ord-")] == [
        "ord-1020  completed  POST /orders",
        "ord-1020#2  completed  POST /orders",
    ]
    shown = RUNNER.invoke(app, ["executions", "show", "ord-1020", "--db", db])
    assert "\n  began again as ord-1020#2 at 2025-03-04" in shown.output
    last = RUNNER.invoke(app, ["executions", "show", "ord-1020#2", "--db", db])
    assert "again" not in last.output
