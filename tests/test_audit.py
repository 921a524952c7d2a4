"""The audit, the five responsibilities and their gaps, on a world whose numbers are known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import audit_world as world
import front
import pytest
from scenarios import build
from scenarios.builder import Scenario
from typer.testing import CliRunner

import tracemap
from tracemap import audit, responsibilities
from tracemap.cli.app import app
from tracemap.errors import NotFoundError
from tracemap.responsibilities import Gap, Responsibility
from tracemap.store import Store

MS = 10**6
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.shop(tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="module")
def shop(db: Path) -> audit.Audit:
    with tracemap.open(db) as opened:
        (one,) = audit.read(opened, world.SHOP)
    return one


def run(*args: str, db: Path, code: int = 0) -> str:
    done = RUNNER.invoke(app, [*args, "--db", str(db)], env={"COLUMNS": "160"})
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


# --- the numbers ----------------------------------------------------------------------------------


def test_hand_offs_are_told_apart_with_the_owners_of_both_sides(shop: audit.Audit) -> None:
    found = {
        (h["from_service"], h["to_service"], h["to_name"]): (
            h["mode"],
            h["from_team"],
            h["to_team"],
        )
        for h in shop.handoffs
    }
    assert found == {
        ("checkout", "inventory", "POST /reserve"): ("sync", "storefront", "warehouse"),
        ("checkout", "payment", "POST /charge"): ("sync", "storefront", "payments"),
        ("checkout", "shipping", "process orders.placed"): ("async", "storefront", "logistics"),
        ("shipping", "inventory", "POST /release"): ("sync", "logistics", "warehouse"),
    }


def test_time_that_callers_wait_counts_overlapping_calls_once(shop: audit.Audit) -> None:
    summary = shop.summary
    assert summary["p50_waited_ns"] == pytest.approx(150 * MS, abs=1000)
    # In two orders shipping waited 100 ms more.
    assert summary["waited_ns"] == pytest.approx((20 * 150 + 2 * 100) * MS, abs=20_000)
    assert summary["busy_ns"] == pytest.approx((20 * 500 + 2 * 400) * MS, abs=20_000)
    assert shop.waiting_share == pytest.approx(3200 / 10800, abs=0.001)


def test_durations_throughput_and_endings(shop: audit.Audit) -> None:
    summary = shop.summary
    assert summary["executions"] == 20
    assert (summary["completed"], summary["compensated"], summary["failed"]) == (18, 2, 0)
    assert summary["p50_ns"] == pytest.approx(1400 * MS, abs=1000)
    assert summary["per_hour"] == pytest.approx(60)
    assert summary["peak_per_minute"] == 1
    assert summary["services"] == ["checkout", "inventory", "payment", "shipping"]


def test_retries_and_idempotency_keys(shop: audit.Audit) -> None:
    charge = next(s for s in shop.steps if s["name"] == "POST /charge")
    assert (charge["retries"], charge["retried_well"], charge["failed_for_good"]) == (1, 1, 0)
    (row,) = shop.idempotency
    assert (row["service"], row["name"], row["keys"]) == (
        "payment",
        "POST /charge",
        ["app.idempotency_key"],
    )
    assert row["executions"] == 20


def test_a_compensation_is_who_runs_it_who_decides_and_what_it_undoes(shop: audit.Audit) -> None:
    (row,) = shop.compensations
    assert (row["service"], row["name"]) == ("inventory", "POST /release")
    assert (row["decided_by"], row["executions"]) == ("shipping", 2)
    assert row["undoes"] == ["POST /reserve"]


def test_the_questions_are_answered_with_these_numbers(shop: audit.Audit) -> None:
    answers = {q.topic: q.answer for q in audit.questions(shop)}
    assert list(answers) == ["duration", "throughput", "consistency", "services", "errors"]
    assert "Callers wait 150 ms of an execution" in answers["duration"]
    assert "20 executions seen, 60 an hour" in answers["throughput"]
    assert "POST /release (run by inventory, decided by shipping" in answers["consistency"]
    assert answers["services"].startswith("4 services of 4 teams")
    assert "4 of 4 hand-offs cross" in answers["services"]
    assert "3 failures of steps: 1 handled by a caller, 2 by none" in answers["errors"]
    assert "app.idempotency_key" in answers["errors"]


def test_an_unknown_workflow_is_an_error_with_the_nearest_name(db: Path) -> None:
    with tracemap.open(db) as opened:
        with pytest.raises(NotFoundError, match="POST /orders"):
            audit.read(opened, "POST /order5")
        assert [one.workflow for one in audit.read(opened, "/ORDERS")] == [world.SHOP]


# --- the five responsibilities --------------------------------------------------------------------


def duty(one: audit.Audit, name: str, part: str) -> Responsibility:
    (step,) = [d for d in responsibilities.duties(one) if d.name == name]
    assert [d.part for d in step.duties] == list(responsibilities.PARTS)
    return next(d for d in step.duties if d.part == part)


def test_the_five_responsibilities_name_holder_and_evidence(shop: audit.Audit) -> None:
    execution = duty(shop, "POST /charge", "execution")
    assert (execution.holder, execution.team) == ("payment", "payments")
    errors = duty(shop, "POST /charge", "errors")
    assert (errors.state, errors.holder, errors.team) == ("held", "checkout", "storefront")
    assert errors.evidence == "checkout catches and retries, seen in 1 of 1 failure"
    undo = duty(shop, "POST /reserve", "compensation")
    assert (undo.state, undo.holder) == ("held", "inventory")
    assert undo.evidence == "POST /release ran in 2 of 2 failures after it; decided by shipping"
    whole = duty(shop, "POST /reserve", "workflow")
    assert (whole.team, whole.evidence) == ("storefront", "started-by: started by checkout")


def test_nobody_is_said_only_where_there_was_an_occasion(shop: audit.Audit) -> None:
    assert duty(shop, "POST /charge", "compensation").state == "nobody"
    assert duty(shop, "process orders.placed", "errors").state == "nobody"
    assert duty(shop, "POST /reserve", "errors").state == "unproven"
    assert duty(shop, "process orders.placed", "compensation").state == "unproven"


def certain(one: audit.Audit) -> list[Gap]:
    return [gap for gap in responsibilities.gaps(one) if gap.state == "nobody"]


def test_gaps_at_the_asynchronous_boundaries(shop: audit.Audit) -> None:
    found = {gap.kind: gap for gap in certain(shop)}
    assert set(found) == {
        "no handler",
        "no error handler",
        "no dead-letter queue",
        "no compensation",
    }
    assert found["no handler"].boundary == "checkout POST /orders → audit.log"
    assert found["no handler"].evidence == "20 messages published, none was seen taken"
    assert "2 failures that no caller" in found["no dead-letter queue"].evidence
    boundary = found["no error handler"].boundary
    assert boundary == "checkout POST /orders → shipping process orders.placed via orders.placed"
    assert found["no compensation"].evidence.startswith("checkout POST /orders: 2 executions")


def _scenario(name: str, folder: Path) -> list[audit.Audit]:
    path = folder / "scenario.duckdb"
    with Store.open(path) as store:
        text = (build.ROOT / name / "input.otlp.jsonl").read_bytes()
        front.store_lines(store, text.splitlines())
    with tracemap.open(path) as opened:
        return audit.read(opened)


def test_whoever_fails_behind_a_topic_answers_by_telling_retrying_or_putting_aside(
    tmp_path: Path,
) -> None:
    (one,) = _scenario("own004-not-handled", tmp_path)
    found = {d.service: d for d in responsibilities.duties(one) if d.name.startswith("process ord")}
    errors = {service: d.duties[2] for service, d in found.items()}
    assert (errors["shipping"].holder, errors["shipping"].team) == ("shipping", "logistics")
    assert (
        errors["shipping"].evidence == "it told payment by shipments.failed after 4 of 4 failures"
    )
    assert errors["billing"].evidence == "tried again 4 times after 4 failures"
    assert errors["mailer"].holder == "orders.placed.dlq"
    assert not [g for g in certain(one) if g.part == "errors"]


def test_following_work_of_the_same_service_is_no_answer_to_a_failure(tmp_path: Path) -> None:
    (one,) = _scenario("orp004-not-failed", tmp_path)
    assert one.answers == ()


def test_a_failure_at_the_start_went_to_somebody_who_was_not_seen(tmp_path: Path) -> None:
    s = Scenario("failing-start")
    for number in range(1, 4):
        s.serve(
            s.service("checkout", "storefront"), "POST /orders", number * 60.0, 0.1, error="E: x"
        )
    path = world.shop(tmp_path, [line.encode() for line in s.lines()])
    with tracemap.open(path) as opened:
        (one,) = audit.read(opened)
    errors = duty(one, "POST /orders", "errors")
    assert (errors.state, errors.evidence) == (
        "unproven",
        "3 failures; whoever asks for it sends no telemetry",
    )


def test_a_healthy_shop_has_no_certain_gap(tmp_path: Path) -> None:
    (one,) = _scenario("healthy-shop", tmp_path)
    assert certain(one) == []
    assert one.compensations == ()


def test_a_compensation_is_found_where_only_the_key_connects_it(tmp_path: Path) -> None:
    (one,) = _scenario("orp004-not-compensated", tmp_path)
    (row,) = one.compensations
    assert (row["service"], row["name"], row["decided_by"]) == (
        "payment",
        "refund order",
        "fulfilment",
    )


def test_a_failure_alone_is_no_compensation(tmp_path: Path) -> None:
    (one,) = _scenario("orp004-not-failed", tmp_path)
    assert one.compensations == ()
    assert "no compensation" in {gap.kind for gap in certain(one)}


# --- the recordings -------------------------------------------------------------------------------


@pytest.fixture
def temporal(tmp_path: Path) -> Iterator[list[audit.Audit]]:
    with world.recording(tmp_path, "temporal-spans") as opened:
        yield audit.read(opened)


@world.needs_recordings
def test_temporal_s_saga_is_run_by_inventory_and_decided_by_the_orchestrator(
    temporal: list[audit.Audit],
) -> None:
    one = next(a for a in temporal if a.workflow == "POST /orders")
    (row,) = one.compensations
    assert (row["name"], row["service"], row["decided_by"]) == (
        "RunActivity:ReleaseInventory",
        "inventory-service",
        "order-orchestrator",
    )
    assert row["executions"] == 1  # order-1002
    assert row["undoes"] == ["RunActivity:ReserveInventory"]
    errors = duty(one, "RunActivity:ChargeCard", "errors")
    assert errors.evidence == "order-orchestrator catches and retries, seen in 10 of 10 failures"
    assert duty(one, "RunActivity:ChargeCard", "state").holder == "workflow engine"


@world.needs_recordings
def test_rabbitmq_s_dead_letter_exchange_and_redeliveries_are_seen(tmp_path: Path) -> None:
    with world.recording(tmp_path, "rabbitmq-pika") as opened:
        (one,) = audit.read(opened)
    rows = {d["destination"]: d for d in one.destinations}
    assert rows["orders.qq"]["dead_letter"] == "orders.dlx"
    assert rows["orders.qq"]["redelivered"] == 3
    kinds = {gap.kind for gap in certain(one)}
    assert "no end-to-end owner" in kinds
    assert not [g for g in certain(one) if g.kind == "no dead-letter queue"]


# --- the commands ---------------------------------------------------------------------------------


def test_the_audit_for_people(db: Path) -> None:
    text = run("audit", db=db)
    assert "20 executions: 18 completed, 2 compensated" in text
    assert "storefront » payments" in text
    assert "3 synchronous, 1 asynchronous" in text
    assert "How long does it take" in text


def test_the_audit_as_json_is_whole(db: Path) -> None:
    (one,) = json.loads(run("audit", "orders", "--format", "json", db=db))
    assert one["workflow"] == world.SHOP
    assert {*audit.PARTS, "questions", "responsibilities", "waiting_share"} <= set(one)
    assert len(one["responsibilities"][0]["duties"]) == 5


def test_gaps_for_people_and_machines(db: Path) -> None:
    text = run("owners", "gaps", db=db)
    assert "asynchronous hand-off: 4 gaps" in text
    rows: list[dict[str, Any]] = json.loads(run("owners", "gaps", "--format", "json", db=db))
    assert sum(row["state"] == "nobody" for row in rows) == 4
    assert run("owners", "gaps", "--format", "csv", db=db).startswith("workflow,kind,state,part")
    steps = json.loads(run("owners", "gaps", "--steps", "--format", "json", db=db))
    assert len(steps) == 5 * 5
    assert "catches and retries" in run("owners", "gaps", "--steps", db=db)


def test_hostile_names_reach_neither_terminal_nor_markdown(tmp_path: Path) -> None:
    lines = world.shop_lines(lambda name: f"{name}\x1b[31m|<b>\u202e`")
    db = world.shop(tmp_path, lines)
    for words in (
        ("audit",),
        ("audit", "-f", "md"),
        ("owners", "gaps"),
        ("owners", "gaps", "--steps"),
    ):
        text = run(*words, db=db)
        assert "\x1b" not in text
        assert "\u202e" not in text
    markdown = run("audit", "-f", "md", db=db)
    assert "<b>" not in markdown
    heads = [
        line.count("|") - line.count("\\|") for line in markdown.splitlines() if line[:1] == "|"
    ]
    assert len(set(heads)) == 1


def test_names_are_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    longer = {"checkout": "checkout-frontend-service"}
    db = world.shop(tmp_path, world.shop_lines(lambda name: longer.get(name, name)))
    done = RUNNER.invoke(app, ["audit", "--db", str(db)], env={"COLUMNS": "100"})
    table = done.stdout.split("\n\n")[1]
    assert "…" not in table
    assert max(map(len, table.splitlines())) <= 100
    begun = [line.split()[1] for line in table.splitlines() if line[:1].strip()]
    assert begun[1:] == ["checkout-", "checkout-", "checkout-", "shipping"]


def test_an_empty_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    Store.open(path).close()
    assert run("audit", db=path) == "No workflows yet.\n"
    assert run("owners", "gaps", db=path) == "No workflows yet.\n"
    assert json.loads(run("audit", "-f", "json", db=path)) == []
