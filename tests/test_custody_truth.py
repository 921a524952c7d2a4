"""Custody against a simulated process (``simulated_shop``) that knows who holds each order.

``TRACEMAP_TEST_CUSTODY=20`` tries so many more worlds, of new seeds.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import secrets
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import front
import pytest
from simulated_shop import Shop
from simulation import ORIGIN, Held, World
from typer.testing import CliRunner

import tracemap
from tracemap.api import Tracemap
from tracemap.cli.app import app
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

ORDERS: Final = 75
#: Seconds from one to the next.
EVERY: Final = 6.0
#: Where in the process an order of each simulation hangs for good, and what is known of it then.
HANGS: Final = {
    "o-020": "payments",
    "o-021": "shop",
    "o-022": "orders",
    "o-023": "stock",
    "o-024": "billing",
    "o-025": "person",
    "o-026": "timer",
}
MORE: Final = int(os.environ.get("TRACEMAP_TEST_CUSTODY", "0"))
WORLDS: Final = [
    (1, "link", 0.0),
    (2, "parent", 0.01),
    *((secrets.randbelow(1_000_000), how, 0.01) for how in ["link", "parent", "id"] * MORE),
]


class Simulated:
    """A world, and a database of what it exported."""

    def __init__(self, folder: Path, seed: int, joined: str, skew: float) -> None:
        print("seed", seed, joined, skew)
        self.random = random.Random(seed)
        self.world = World(seed, skew=skew, joined=joined, keyed=True)
        Shop(self.world, HANGS).run(ORDERS, EVERY)
        #: By how much clocks may be wrong about a moment.
        self.off = 2 * skew + 0.006
        self.path = self.stored(folder / f"{seed}.duckdb")
        self.orders = sorted({order for step in self.world.steps for order in step.orders})

    def stored(self, path: Path, at: float | None = None) -> Path:
        with Store.open(path) as store:
            store.configure(Settings(keys=(KeySetting("order.id"),)))
            front.store_lines(store, self.world.lines(at))
        return path

    def settled(self, at: float) -> list[str]:
        """The orders of which nothing changes about then, by any clock."""
        return [
            order
            for order in self.orders
            if all(abs(moment - at) > self.off for moment in self.world.moments(order))
        ]

    def some_moment(self, after: float) -> float:
        """One while something happens to an order."""
        while True:
            one, other = self.random.choice(
                list(pairwise(self.world.moments(self.random.choice(self.orders))))
            )
            if one > after:
                return self.random.uniform(one, other)


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"{world[1]}-{world[0]}")
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Simulated(tmp_path_factory.mktemp("simulated"), *request.param)


def when(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(ORIGIN, dt.UTC) + dt.timedelta(seconds=at)


def seconds(moment: dt.datetime) -> float:
    return (moment.replace(tzinfo=dt.UTC) - when(0.0)).total_seconds()


def by_execution(rows: Iterable[dict[str, Any]]) -> dict[str, set[Held]]:
    found: dict[str, set[Held]] = defaultdict(set)
    for row in rows:
        kind, state = row["holder_kind"], str(row["state"])
        what = state.removeprefix("executing ").removeprefix("before ")
        holder = "" if kind == "done" else str(row["holder"])
        what = "" if kind in ("done", "queue") else what
        found[row["execution"]].add(Held(kind, holder, what, seconds(row["since"])))
    return found


def same(told: set[Held], true: set[Held], off: float) -> bool:
    return [(h.kind, h.holder, h.what) for h in sorted(told)] == [
        (h.kind, h.holder, h.what) for h in sorted(true)
    ] and all(
        abs(a.since - b.since) <= off for a, b in zip(sorted(told), sorted(true), strict=True)
    )


def test_in_hindsight_custody_is_the_truth(simulated: Simulated) -> None:
    """Of orders that came to their end: who hangs holds until now, which nobody can see."""
    with tracemap.open(simulated.path) as opened:
        for _ in range(12):
            at = simulated.some_moment(0.0)
            told = by_execution(opened.custody(at=when(at)).to_dicts())
            for order in simulated.settled(at):
                if order[:5] in HANGS:
                    continue
                true = simulated.world.holders(order, at)
                assert same(told[order], true, simulated.off), (order, at, told[order], true)


def test_the_chain_covers_an_order_from_its_start_to_its_end(simulated: Simulated) -> None:
    with tracemap.open(simulated.path) as opened:
        for order in simulated.random.sample(simulated.orders, 5):
            if order[:5] in HANGS:
                continue
            _check_chain(simulated, order, opened.custody_chain(order).to_dicts())


def _check_chain(simulated: Simulated, order: str, rows: list[dict[str, Any]]) -> None:
    world, covered = simulated.world, rows[0]["since"]
    for row in rows:
        assert row["since"] <= covered, (order, "nobody held it", row)
        covered = max(covered, row["until"] or row["since"])
    for one, other in pairwise(world.moments(order)):
        at = (one + other) / 2
        if other - one <= 2 * simulated.off:
            continue
        told = {
            (row["holder_kind"], row["holder"])
            for row in rows
            if seconds(row["since"]) <= at and (row["until"] is None or seconds(row["until"]) > at)
        }
        assert told == {(h.kind, h.holder) for h in world.holders(order, at)}, (order, at)


@pytest.mark.parametrize("how", ["as of", "cut off"])
def test_what_was_known_then_is_told_and_no_more(
    simulated: Simulated, how: str, tmp_path: Path
) -> None:
    """A process that is cut off at any moment: what has not ended does not exist."""
    # Late enough for a model: 40 orders have come to their end.
    ends = sorted(s.end or 0.0 for s in simulated.world.steps if s.name == "close order")
    if how == "as of":
        at = simulated.some_moment(120.0)
        with tracemap.open(simulated.path) as opened:
            told = by_execution(opened.custody(as_of=when(at)).to_dicts())
    else:
        # While a message is to be tried again, where one was so late.
        again = [lay[1] for m in simulated.world.messages if len(lay := m.lay) > 1]
        moments = [(a + b) / 2 for a, b in again if b and a > ends[40]]
        at = simulated.random.choice(moments or [simulated.random.uniform(ends[40], ends[-1])])
        with tracemap.open(simulated.stored(tmp_path / "cut.duckdb", at)) as opened:
            told = by_execution(opened.custody().to_dicts())
            _check_totals(opened, told)
    compared = 0
    for order in simulated.settled(at):
        true = simulated.world.known(order, at)
        if order[:5] in HANGS:
            continue
        compared += 1
        assert same(told[order], true, simulated.off), (order, at, told[order], true)
    assert compared > ORDERS / 2


def _check_totals(opened: Tracemap, told: dict[str, set[Held]]) -> None:
    """Each holder holds as many as the executions say, the oldest since then."""
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for execution, holders in told.items():
        for one in holders:
            held[one.kind, one.holder].add(execution)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for row in opened.custody_totals().to_dicts():
        counted[row["holder_kind"], row["holder"]] += row["executions"]
    assert counted == {who: len(those) for who, those in held.items() if who[0] != "done"}


def test_who_hangs_is_known_by_what_came(simulated: Simulated) -> None:
    with tracemap.open(simulated.path) as opened:
        told = by_execution(opened.custody().to_dicts())
        status = {row["execution"]: row["status"] for row in opened.executions().to_dicts()}
    for order, point in HANGS.items():
        ((kind, holder),) = {(h.kind, h.holder) for h in told[order]}
        expected = {
            "orders": ("queue", "orders"),
            "person": ("between", "backoffice"),
            "timer": ("between", "books"),
        }
        assert (kind, holder) == expected.get(point, ("service", point)), (order, told[order])
        assert status[order] in ("running", "stalled", "abandoned")
    assert {s for o, s in status.items() if o[:5] not in HANGS} == {"completed"}


def test_the_command_line_says_the_same(simulated: Simulated) -> None:
    at = simulated.some_moment(60.0)
    order = next(o for o in simulated.settled(at) if o[:5] not in HANGS)
    words = ["custody", order, "--at", f"{when(at):%FT%T.%fZ}", "--db", str(simulated.path)]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    for one in simulated.world.holders(order, at):
        assert one.holder in result.output
