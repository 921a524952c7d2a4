"""``custody --as-of``: what could be known at a moment, and nothing that came after it."""

from __future__ import annotations

import datetime as dt
import json
import random
import secrets
from pathlib import Path
from typing import Final

import front
import pytest
from scenarios.run import lines_of
from test_arrival import NOON, request, world
from typer.testing import CliRunner

import tracemap
from tracemap import as_of, pipeline, queries
from tracemap.cli.app import app
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.errors import InputError, TooLargeError
from tracemap.rows import Rows
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

RUNNER = CliRunner()
KEYS: Final = (KeySetting("order.id"), KeySetting("pay.id"))


def held(store: Store, execution: str | None, moment_ns: int) -> list[tuple[object, ...]]:
    return in_order(as_of.custody(store, execution, moment_ns))


def in_order(source: object) -> list[tuple[object, ...]]:
    return sorted((tuple(row.values()) for row in Rows.of(source).to_dicts()), key=str)


def then(folder: Path, whole: Path, moment_ns: int) -> list[tuple[object, ...]]:
    """The custody of a store that has only what had ended by then, and knows what is usual."""
    with Store.open(folder / f"{moment_ns}.duckdb") as store:
        cursor = store.cursor()
        cursor.execute(f"ATTACH '{whole}' AS whole (READ_ONLY)")
        for table in ("source", "batch", "shape", "resource", "scope", "setting", "declaration"):
            cursor.execute(f"INSERT INTO store.{table} SELECT * FROM whole.store.{table}")
        cursor.execute(
            "INSERT INTO store.packed_span SELECT * FROM whole.store.packed_span "
            f"WHERE end_ns <= {moment_ns}"
        )
        cursor.execute(
            "INSERT INTO store.link SELECT l.* FROM whole.store.link AS l "
            "SEMI JOIN store.span USING (batch_id, span_no)"
        )
        derived = cursor.execute(
            "SELECT table_name FROM duckdb_tables() "
            "WHERE database_name = 'whole' AND schema_name = 'derived'"
        )
        for (table,) in derived.fetchall():
            cursor.execute(
                f"CREATE OR REPLACE TABLE derived.{table} AS SELECT * FROM whole.derived.{table}"
            )
        cursor.execute("DETACH whole")
        pipeline.refresh(store, mode="given")
        cursor.execute(queries.text("views/custody"))
        return in_order(cursor.sql("SELECT * FROM custody"))


@pytest.mark.parametrize("seed", [1, pytest.param(secrets.randbelow(1_000_000), id="new")])
def test_it_is_what_a_store_without_the_rest_says(seed: int, tmp_path: Path) -> None:
    print("seed", seed)
    spans = world(seed)
    whole = tmp_path / "whole.duckdb"
    with Store.open(whole) as store:
        store.configure(Settings(keys=KEYS))
        store.write([decode([one]) for one in spans], kind="recorded")
        pipeline.refresh(store)
        now = in_order(store.cursor().sql("FROM custody"))
        ends = [r[0] for r in store.cursor().execute("SELECT end_ns FROM store.span").fetchall()]
        moment = random.Random(seed).choice(sorted(set(ends)))
        found = held(store, None, moment)
        # One alone is told as it is among all.
        names = sorted({str(row[0]) for row in found} & {str(row[0]) for row in now})
        for name in random.Random(seed).sample(names, min(1, len(names))):
            assert held(store, name, moment) == [row for row in found if row[0] == name]
        assert held(store, None, max(ends) + 10**18) == now
        assert held(store, None, min(ends) - 1) == []
    assert found == then(tmp_path, whole, moment)


def asked(db: Path, *words: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, ["custody", *words, "--db", str(db)], env={"COLUMNS": "120"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return front.shop(tmp_path_factory.mktemp("shop"))


def test_before_anybody_could_know_that_it_is_lost(shop: Path) -> None:
    """Order 4711 waits in a queue, until a later one is taken: only then it is lost."""
    with tracemap.open(shop) as opened:
        (row,) = opened.custody(front.LOST).to_dicts()
        published = row["since"]
        assert row["state"] == "lost in the queue"
        later = [published + dt.timedelta(seconds=s) for s in (1, 10_000)]
        (first,), (last,) = (
            opened.custody(front.LOST, as_of=moment).to_dicts() for moment in later
        )
        assert first["holder"] == last["holder"] == "orders"
        assert first["state"] == "waiting in the queue"
        assert last == row
        with pytest.raises(InputError, match="two questions"):
            opened.custody(front.LOST, published, as_of=published)
    told = asked(shop, front.LOST, "--as-of", f"{later[0]}Z")
    assert told.splitlines()[0] == f"{front.LOST}  as could be known at {later[0]:%F %T} UTC"
    assert "waiting in the queue" in told
    assert "abandoned" not in told
    assert "next should be: process orders" in told


def test_before_its_first_span_had_come(shop: Path) -> None:
    told = asked(shop, front.LOST, "--as-of", "2001-01-01")
    assert "no span of it had come" in told
    assert asked(shop, "--as-of", "2001-01-01", "--format", "json").strip() == "[]"


def test_two_questions_are_one_too_many(shop: Path) -> None:
    assert "give one of them" in asked(shop, front.LOST, "--as-of", "1h", "--at", "1h", code=2)
    assert "leave --as-of away" in asked(shop, front.LOST, "--chain", "--as-of", "1h", code=2)
    assert "neither a time nor an age" in asked(shop, front.LOST, "--as-of", "soon", code=2)
    for option in ("--at", "--as-of"):
        assert "is in the future" in asked(shop, front.LOST, option, "2200-01-01", code=2)


def test_a_message_that_two_groups_await_is_two_branches(tmp_path: Path) -> None:
    with Store.open(tmp_path / "groups.duckdb") as store:
        front.store_lines(store, [line.encode() for line in lines_of("orp002-lost-for-one-group")])
        pipeline.refresh(store)
        ((published,),) = (
            store.cursor()
            .execute(
                "SELECT DISTINCT epoch_ns(published_at) FROM messages "
                "WHERE list_contains(executions, 'ord-1030') AND destination = 'orders.placed'"
            )
            .fetchall()
        )
        rows = [json.loads(str(row[-1])) for row in held(store, "ord-1030", published + 10**8 // 2)]
    told = {(row["awaited_by"], *row["expected_next"]) for row in rows}
    assert len(rows) == 2
    assert told == {
        ("analytics", "process orders.placed (analytics)"),
        ("shipping", "process orders.placed (shipping)"),
    }


def test_live_spans_count_from_when_they_were_received(tmp_path: Path) -> None:
    """A collector that was down for an hour knew nothing then, however early the spans ended."""
    path = tmp_path / "live.duckdb"
    with Store.open(path) as store:
        store.write([decode([to_protobuf(line)]) for line in front.lines()], kind="live")
        pipeline.refresh(store)
        (ended,) = store.cursor().execute("SELECT max(end_ns) FROM store.span").fetchall()
        assert held(store, front.LOST, ended[0] + 10**9) == []
        received = store.cursor().execute("SELECT max(received_ns) FROM store.batch").fetchall()
        assert held(store, front.LOST, received[0][0]) != []


def test_the_name_that_it_had_before_its_key_came(tmp_path: Path) -> None:
    """Until a span with the order's number has ended, it is an execution without a key."""
    order, charge = (
        {"spanId": f"{number:016x}", "traceId": "1" * 32, "kind": 2, "name": name}
        | {"startTimeUnixNano": str(NOON), "endTimeUnixNano": str(NOON + seconds * 10**9)}
        for number, name, seconds in ((1, "POST /orders", 60), (2, "charge", 2))
    )
    order["attributes"] = [{"key": "order.id", "value": {"stringValue": "77"}}]
    charge["parentSpanId"] = order["spanId"]
    spans = [request("shop", "i1", order), request("pay", "i2", charge)]
    with Store.open(tmp_path / "named.duckdb") as store:
        store.configure(Settings(keys=(KeySetting("order.id"),)))
        store.write([decode(spans)], kind="recorded")
        pipeline.refresh(store)
        ((name, *_),) = held(store, "77", NOON + 5 * 10**9)
        assert str(name).startswith("trace:")
        ((name, *_),) = held(store, "77", NOON + 61 * 10**9)
        assert name == "77"


def test_a_store_too_large_to_go_back_in_time(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_of, "MOST", 3)
    with tracemap.open(shop) as opened:
        with pytest.raises(TooLargeError, match="name one execution"):
            opened.custody(as_of="2030-01-01")
        with pytest.raises(TooLargeError, match="in hindsight"):
            opened.custody(front.LOST, as_of="2030-01-01")
        assert opened.custody(front.LOST).height == 1  # nothing was left in the way
