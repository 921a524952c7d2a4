"""One execution for people: why its traces are one, its timeline, hand-offs, messages and runs."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import front
import pytest
from rich.cells import cell_len
from scenarios.builder import Kind, Scenario
from scenarios.shop import Shop, key
from typer.testing import CliRunner, Result

import tracemap
from tracemap.cli import timeline
from tracemap.cli.app import app
from tracemap.store import Store

RUNNER = CliRunner()
DAY = 86_400.0

#: A database of a sample's name, or of a scenario written here.
Open = Callable[[str], Path]


def run(*args: str | Path, code: int = 0, width: int = 100) -> Result:
    result = RUNNER.invoke(app, [str(a) for a in args], env={"COLUMNS": str(width)})
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def slow_shop(s: Scenario) -> None:
    """Microseconds beside days: an order of 4 ms is shipped two days later."""
    shop = Shop.of(s)
    for number in range(3):
        at = number * 10.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.004, attributes=key(number))
        database = {"db.system.name": "postgresql", "db.namespace": "orders"}
        s.span(
            shop.checkout, "INSERT orders", Kind.CLIENT, at + 0.0001, 0.00004, parent=root,
            attributes=database,
        )  # fmt: skip
        s.call(shop.checkout, shop.payment, "POST /charge", at + 0.0005, 0.0012, parent=root)
        message = s.publish(shop.checkout, shop.destination, at + 0.003, parent=root)
        shipment = shop.ship(number, message, at=at + 2.0 * DAY, lasts=0.02)
        at = shipment.start
        s.span(shop.shipping, "label", Kind.INTERNAL, at + 0.001, 0.001, parent=shipment)
        s.call(shop.shipping, shop.payment, "POST /capture", at + 0.005, 0.01, parent=shipment)


def engine(s: Scenario) -> None:
    """An engine's workflow continues as new twice; one of its activities names the order."""
    api, worker = s.service("api", "storefront"), s.service("worker", "platform")
    for number in range(3):
        at, name = number * 100.0, {"temporalWorkflowID": f"wf-{number:04}"}
        root = s.serve(api, "POST /loops", at, 0.05, attributes=name)
        for turn in range(3):
            mine = {**name, "temporalRunID": f"00000000-0000-4000-8000-00000000{number}0{turn}0"}
            work = s.span(
                worker, "RunWorkflow", Kind.INTERNAL, at + 1.0 + turn, 0.2, parent=root,
                attributes=mine,
            )  # fmt: skip
            s.span(
                worker, "ShipLabel", Kind.INTERNAL, work.start + 0.1, 0.05, parent=work,
                attributes={**mine, "order.id": f"ord-{number:04}-x"} if turn == 1 else mine,
            )  # fmt: skip


def many(s: Scenario) -> None:
    """Two orders each of 23 workflows, and a third of the last: names that carry what they sell."""
    shop = Shop.of(s)
    for number in range(47):
        goods = "abcdefghijklmnopqrstuvw"[number % 23] * 3 if number < 46 else "www"
        s.serve(shop.checkout, f"POST /{goods}", number * 10.0, 0.004, attributes=key(number))


def no_key(s: Scenario) -> None:
    """A consumer without context, below which a span links to the request. Nothing has a key."""
    web, worker = s.service("web", "storefront"), s.service("worker", "platform")
    root = s.serve(web, "POST /jobs", 0.0, 0.1)
    message = s.publish(web, "jobs", 0.05, parent=root, message_id=False)
    taken = s.process(worker, message, 1.0, 0.2, joined_by="none")
    s.span(worker, "look up", Kind.INTERNAL, 1.1, 0.05, parent=taken, links=[root])


WRITTEN: Mapping[str, Callable[[Scenario], None]] = {
    "slow-shop": slow_shop,
    "engine": engine,
    "many": many,
    "no-key": no_key,
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Open:
    folder = tmp_path_factory.mktemp("executions")

    def database(name: str) -> Path:
        path = folder / f"{name}.duckdb"
        if path.exists():
            return path
        if name in WRITTEN:
            scenario = Scenario(name)
            WRITTEN[name](scenario)
            lines = [line.encode() for line in scenario.lines()]
        else:
            text = (front.SAMPLES / name / "input.otlp.jsonl").read_bytes()
            lines = [line for line in text.splitlines() if line.strip()]
        with Store.open(path) as store:
            front.store_lines(store, lines)
        return path

    return database


# --- explain --------------------------------------------------------------------------------------


def explain(db: Path, which: str) -> str:
    return " ".join(run("explain", which, "--db", db).stdout.split())


def test_a_message_id_alone_is_named_as_the_weakest_evidence(stored: Open) -> None:
    told = explain(stored("message-joined-by-id"), "ord-1010")
    assert "2 traces are one execution: 1 of them carries order.id=ord-1010" in told
    assert "process orders.placed (shipping) has the message id of send orders.placed" in told
    assert "Weakest evidence: trace 2 rests on one message, joined by message id" in told


def test_a_key_that_stands_for_another_is_not_that(stored: Open) -> None:
    told = explain(stored("keys-before-correlation-ids"), "ord-1010")
    assert "2 of them carry order.id=ord-1010, 1 has a key that stands for it." in told
    assert "settle (payment) carries x-correlation-id, which stands beside order.id" in told


def test_a_relay_is_explained_by_who_links_to_it(stored: Open) -> None:
    told = explain(stored("healthy-outbox-retries-and-replies"), "ord-1010")
    assert "send orders.placed (relay) is linked to by process orders.placed (shipping)" in told
    assert "Weakest evidence: trace 3 rests on one span link" in told


def test_what_follows_from_being_one_does_not_explain_it(stored: Open) -> None:
    database = stored("no-key")
    with tracemap.open(database) as opened:
        (name,) = opened.executions()["execution"]
        (handoff,) = opened.handoffs(execution=name)["evidence"]
    assert handoff.startswith("message joined by execution and destination")
    told = explain(database, name)
    assert "a span link joins look up (worker) and POST /jobs (web) in trace 1" in told
    assert "Weakest evidence: trace 2 rests on a span link;" in told


def test_what_is_shared_merges_nothing_and_says_so(stored: Open) -> None:
    told = explain(stored("batch-consumer"), "ord-1010")
    assert "1 span of it is shared by up to 20 executions" in told
    assert "Weakest" not in told


def test_without_a_key_links_are_what_joins(stored: Open) -> None:
    db = stored("unkeyed-traces")
    with tracemap.open(db) as opened:
        name = opened.executions(limit=1)["execution"][0]
    told = explain(db, name)
    assert "no correlation key is on any of its spans" in told
    assert (
        "a span link joins process reports.requested (renderer) and send reports.requested" in told
    )
    assert "in trace 1" in told


def test_a_lower_key_and_runs_are_explained(stored: Open) -> None:
    db = stored("engine")
    run("keys", "set", "order.id", "--db", db)
    told = explain(db, "ord-0001-x")
    assert "order.id=ord-0001-x" in told
    with tracemap.open(db) as opened:
        reasons = set(opened.sql("SELECT DISTINCT reason FROM execution_spans")["reason"])
    assert "own temporal.workflow.id, seen beside order.id" in reasons


def test_the_reason_of_a_message_names_it(stored: Open) -> None:
    with tracemap.open(stored("message-joined-by-kafka-offset")) as opened:
        found = opened.sql("SELECT DISTINCT reason FROM execution_spans WHERE reason LIKE 'mess%'")
    assert "message orders.placed/0/11" in set(found["reason"])


def test_an_explanation_in_json_has_the_bonds(stored: Open) -> None:
    answer = run("explain", "ord-1010", "--db", stored("message-joined-by-id"), "--format", "json")
    members = json.loads(answer.stdout)["members"]
    assert [m["bond"] for m in members] == ["key", "message"]
    assert members[1]["to_trace_id"] == members[0]["trace_id"]
    assert members[1]["how"] == "message id"


# --- runs, hand-offs, messages --------------------------------------------------------------------


def test_a_chain_of_continued_runs_is_shown(stored: Open) -> None:
    db = stored("engine")
    with tracemap.open(db) as opened:
        name = opened.resolve("temporalWorkflowID=wf-0001")[0]
        chain = opened.execution(name)["chain"]
    assert chain["status"].to_list() == ["continued", "continued", "completed"]
    assert chain["engine_run"].n_unique() == 3
    shown = run("executions", "show", name, "--db", db).stdout
    assert "ENGINE RUN" in shown


def test_handoffs_are_shown_with_what_decides_them(stored: Open) -> None:
    db = stored("sync-and-detached-call")
    shown = " ".join(run("executions", "show", "ord-1005", "--handoffs", "--db", db).stdout.split())
    assert "returned" in shown
    assert "longer than the 10.0 ms" in shown


def test_messages_have_a_life(stored: Open) -> None:
    db = stored("dup001-not-requeued")
    shown = run("messages", "ord-1005", "--db", db).stdout
    assert "processed +" in shown
    assert "settled +" in shown
    assert run("messages", "--state", "published", "--db", db).stdout == "No messages.\n"
    assert (
        "there is no state 'lost'" in run("messages", "--state", "lost", "--db", db, code=2).stderr
    )
    (row,) = json.loads(run("messages", "ord-1005", "--db", db, "-f", "json").stdout)
    assert row["state"] == "settled"
    assert [c["operation"] for c in row["consumers"]] == ["process", "settle"]


def test_a_finding_is_muted_by_its_execution_and_needs_a_reason(stored: Open) -> None:
    db = stored("stl001-consumer-stopped")
    run("findings", "mute", "ord-1041", "--db", db, code=2)  # why?
    empty = run("findings", "mute", "ord-1041", "--reason", " ", "--db", db, code=2)
    assert "needs a reason" in empty.stderr
    run("findings", "mute", "ord-1041", "--reason", "known", "--db", db)
    assert run("findings", "--db", db).stdout == "No findings.\n"
    assert "STL001" in run("findings", "--status", "muted", "--db", db).stdout
    again = run("findings", "mute", "ord-1041", "--reason", "x", "--db", db, code=2)
    assert "no open findings" in again.stderr
    run("findings", "unmute", "ord-1041", "--db", db)
    assert "STL001" in run("findings", "--db", db).stdout
    assert "there is no finding" in run("findings", "unmute", "zzz", "--db", db, code=2).stderr


def test_totals_count_an_execution_once_and_say_what_is_next(stored: Open) -> None:
    with tracemap.open(stored("stl001-consumer-stopped")) as opened:
        (row,) = opened.custody_totals().to_dicts()
    assert (row["holder"], row["executions"], row["total"], row["oldest"]) == (
        *("orders.placed", 10, 10),
        "ord-1041",
    )
    assert "process orders.placed" in row["expected_next"]
    shown = run("custody", "--db", stored("stl001-consumer-stopped")).stdout
    assert shown.startswith("10 executions not done")
    assert "logistics" in shown


def test_who_is_done_says_with_what(stored: Open) -> None:
    with tracemap.open(stored("healthy-shop")) as opened:
        row = opened.custody("ord-1005").to_dicts()[0]
    assert json.loads(row["evidence"])["last_step"] == "process orders.placed"


# --- the timeline ---------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 160])
@pytest.mark.parametrize("sample", ["slow-shop", "engine"])
def test_a_timeline_fits_its_screen(stored: Open, sample: str, width: int) -> None:
    db = stored(sample)
    with tracemap.open(db) as opened:
        name = opened.executions()["execution"].sort()[1]
    shown = run("executions", "show", name, "--timeline", "--db", db, width=width).stdout
    drawn = [line for line in shown.splitlines()[:-3] if set(line) & set("█▌▐▏▕▒")]
    assert drawn
    assert all(cell_len(line) <= width for line in drawn)


def test_microseconds_beside_days_are_both_to_scale(stored: Open) -> None:
    shown = run("executions", "show", "ord-1001", "--timeline", "--db", stored("slow-shop")).stdout
    assert "h 59 min in queue orders.placed (logistics)" in shown
    assert shown.count("WAITED") == 2  # two acts, each with a scale of its own
    assert "1.0 ms" in shown  # the axis of the first
    insert = next(line for line in shown.splitlines() if "INSERT" in line)
    assert {"▒", "▌"} & set(insert)  # half a cell, where it is narrower than one
    assert "40 us" in insert


def test_clocks_do_not_move_a_step_before_its_cause(stored: Open) -> None:
    db = stored("dat001-clock-skew")
    with tracemap.open(db) as opened:
        page = opened.execution("ord-1005")
    placed = timeline.place(page["steps"].to_dicts(), page["handoffs"].to_dicts())
    by_name = {one.step["name"]: one for one in placed}
    order, charge = by_name["POST /orders"], by_name["POST /charge"]
    assert order.start <= charge.start <= charge.end <= order.end
    assert charge.shift > 2 * 10**9
    assert (
        "clocks differ: 1 step"
        in run("executions", "show", "ord-1005", "--timeline", "--db", db).stdout
    )


def _step(number: int, start: int, lasts: int) -> dict[str, Any]:
    began = dt.datetime(2025, 1, 1) + dt.timedelta(microseconds=start)  # noqa: DTZ001
    return {
        "step": f"s{number}", "caller_step": None, "service": "a", "name": f"n{number}",
        "team": None, "attempt": 1, "status": "ok", "is_virtual": False,
        "started_at": began, "duration_ns": lasts * 1000,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_each_step_is_in_one_act_within_its_time(seed: int) -> None:
    rng = random.Random(seed)
    steps = [
        _step(n, rng.choice([1, 10**3, 10**6, 10**10]) * rng.randint(0, 50), rng.randint(0, 10**4))
        for n in range(rng.randint(1, 40))
    ]
    placed = timeline.place(steps, [])
    parts = timeline.acts(placed)
    assert sorted(id(one) for act in parts for one in act.rows) == sorted(map(id, placed))
    assert all(act.start <= one.start <= act.end for act in parts for one in act.rows)
    assert len(parts) <= timeline.MOST_ACTS


def test_a_timeline_is_text(stored: Open) -> None:
    db = stored("healthy-shop")
    found = json.loads(
        run("executions", "show", "ord-1005", "--timeline", "--db", db, "-f", "json").stdout
    )
    assert found["steps"]


# --- what is no execution -------------------------------------------------------------------------


def test_probes_and_polls_are_counted_apart_and_say_what_they_are(stored: Open) -> None:
    db = stored("set-aside-probes-and-polls")
    listed = run("executions", "list", "--db", db)
    assert "12 executions: 12 completed" in listed.stdout
    assert "144 traces of probes and polls set aside" in listed.stderr
    assert "set aside" not in run("executions", "list", "--service", "payment", "--db", db).stderr
    with tracemap.open(db) as opened:
        agent = opened.sql("SELECT trace_id FROM set_aside WHERE contains(because, 'agent')")
    asked = run("executions", "show", agent["trace_id"][0], "--db", db, code=2).stderr
    assert "is no execution, but a probe of checkout (user agent kube-probe/1.29)" in asked
    report = json.loads(run("reconcile", "--db", db, "--format", "json").stdout)
    assert (report["executions"], report["set_aside"]) == (12, 144)
    page = run("reconcile", "--db", db, "--format", "md").stdout
    assert "144 traces of probes and polls, no executions" in page


# --- many workflows -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "every"), [("graph", ["-f", "json"]), ("audit", ["-f", "json"])]
)
def test_of_many_workflows_the_busiest_are_shown(
    stored: Open, command: str, every: list[str]
) -> None:
    db = stored("many")
    shown = run(command, "--db", db)
    assert shown.stdout.startswith("POST /www  3 executions")
    assert shown.stdout.count(" executions") >= 20
    assert shown.stderr == "3 workflows more: name one, or --limit 23\n"
    assert "POST /www" not in run(command, "POST /aaa", "--db", db).stdout
    assert "POST /vvv" in run(command, "POST /vvv", *every, "-n", "1", "--db", db).stdout
    assert len(json.loads(run(command, *every, "--db", db).stdout)) == 23
    few = run(command, "--limit", "2", "--db", db)
    assert "POST /www" in few.stdout
    assert "POST /bbb" not in few.stdout
    assert not few.stderr
    assert len(json.loads(run(command, *every, "-n", "2", "--db", db).stdout)) == 2
