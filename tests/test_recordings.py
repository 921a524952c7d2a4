"""The recordings of real engines and brokers: each trap that their README names is a test here.

They lie in a folder beside the checkout; without it these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tracemap import pipeline
from tracemap.collectors import files
from tracemap.store import Store

FOLDER = Path(__file__).parents[2] / "shared" / "recordings"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recordings are not beside this checkout (../shared)"
)

Select = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Callable[[str], Select]]:
    stores = []

    def load(name: str) -> Select:
        store = Store.open(tmp_path / "tracemap.duckdb")
        stores.append(store)

        def sink(batches: Any, /, *, source: str) -> None:
            store.write(batches, source=source, kind="recorded")

        result = files.import_files([FOLDER / f"{name}.otlp.jsonl"], sink)
        assert not result.problems
        assert result.spans > 0
        pipeline.refresh(store)

        def select(sql: str) -> list[dict[str, Any]]:
            cursor = store.cursor().execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        return select

    yield load
    for store in stores:
        store.close()


Load = Callable[[str], Select]


def test_temporal_is_one_execution_per_workflow_and_run(recording: Load) -> None:
    select = recording("temporal-spans")
    found = {r["execution"]: r for r in select("SELECT * FROM executions")}
    assert set(found) == {
        *(f"order-100{n}" for n in range(1, 10)),
        "order-1001#2",
        "ship-1001",
        "ship-1001#2",
        "ship-1005",
        "audit-1006",
        "loop-1",
        "flaky-1",
    }
    assert all(r["correlation"]["key"] == "temporal.workflow.id" for r in found.values())


def test_temporal_siblings_and_the_request_above_them_are_together(recording: Load) -> None:
    select = recording("temporal-spans")
    names = {
        r["name"]
        for r in select("""
            SELECT name FROM spans JOIN execution_spans USING (trace_id, span_id)
            WHERE execution = 'order-1002'""")
    }
    assert names >= {
        "POST /orders",
        "StartWorkflow:OrderWorkflow",
        "RunWorkflow:OrderWorkflow",
        "StartActivity:ReserveInventory",
        "CompleteWorkflow:OrderWorkflow",
    }


def test_temporal_child_workflows_know_their_parent_and_are_not_merged(recording: Load) -> None:
    select = recording("temporal-spans")
    parents = {
        r["execution"]: r["parent"]
        for r in select("SELECT execution, parent FROM executions WHERE parent IS NOT NULL")
    }
    assert parents == {
        "ship-1001": "order-1001",
        "ship-1001#2": "order-1001#2",
        "ship-1005": "order-1005",
        "audit-1006": "order-1006",
    }


def test_temporal_runs_of_one_kind_are_of_one_workflow(recording: Load) -> None:
    select = recording("temporal-spans")
    workflows = select(
        "SELECT DISTINCT workflow FROM executions WHERE starts_with(execution, 'ship-100')"
    )
    assert workflows == [{"workflow": "RunWorkflow:ShipmentWorkflow"}]


def test_temporal_retries_are_attempts_and_not_duplicates(recording: Load) -> None:
    select = recording("temporal-spans")
    attempts = select("""
        SELECT attempt, status FROM steps
        WHERE execution = 'order-1001' AND name = 'RunActivity:ChargeCard' ORDER BY started_at""")
    assert [a["attempt"] for a in attempts] == [1, 2, 3]
    assert [a["status"] for a in attempts] == ["error", "error", "ok"]
    # The activity that lost its heartbeat ends OK and overlaps its retry: attempts all the same.
    hung = select("""
        SELECT attempt, status FROM steps
        WHERE execution = 'order-1003' AND name = 'RunActivity:HangNoHeartbeat'
        ORDER BY started_at""")
    assert [(h["attempt"], h["status"]) for h in hung] == [(1, "ok"), (2, "ok")]
    assert not select("SELECT * FROM findings WHERE family = 'duplicated'")


def test_temporal_failure_is_an_exception_event_with_the_status_unset(recording: Load) -> None:
    select = recording("temporal-spans")
    status = {
        r["execution"]: r["status"] for r in select("SELECT execution, status FROM executions")
    }
    assert status["order-1002"] == "compensated"
    assert status["order-1003"] == "failed"
    assert status["order-1001"] == "completed"


def test_temporal_continued_and_retried_runs_are_one_execution(recording: Load) -> None:
    """Continue-as-new and workflow retry: several runs, no CompleteWorkflow between them."""
    select = recording("temporal-spans")
    runs = select("""
        SELECT count(DISTINCT attributes->>'temporalRunID') AS runs
        FROM spans JOIN execution_spans USING (trace_id, span_id) WHERE execution = 'loop-1'""")
    assert runs == [{"runs": 3}]


def test_temporal_owners_come_from_the_team_attribute(recording: Load) -> None:
    select = recording("temporal-spans")
    owners = select("SELECT name, team, rule FROM owners WHERE kind = 'service'")
    assert len(owners) == 5
    assert {o["rule"] for o in owners} == {"resource-attribute"}
    assert {o["name"]: o["team"] for o in owners}["order-api"] == "storefront"


def test_rabbitmq_doubled_producer_spans_are_one_message(recording: Load) -> None:
    select = recording("rabbitmq-pika")
    spans = select("SELECT count(*) AS n FROM spans WHERE kind = 'producer'")
    assert spans == [{"n": 6}]
    messages = select("SELECT DISTINCT message, destination, message_id FROM messages ORDER BY 2")
    assert [(m["destination"], m["message_id"]) for m in messages] == [
        ("orders.qq", "m-2"),
        ("orders.retry.q", "m-1"),
        ("orders.x", "m-1"),
    ]


def test_rabbitmq_requeued_delivery_is_an_attempt(recording: Load) -> None:
    select = recording("rabbitmq-pika")
    (message,) = select("SELECT consumers FROM messages WHERE destination = 'orders.x'")
    assert len(message["consumers"]) == 2
    attempts = select("""
        SELECT count(*) AS n FROM steps WHERE execution = 'r2' AND name = 'orders.qq receive'""")
    assert attempts == [{"n": 3}]
    assert not select("SELECT * FROM findings WHERE family = 'duplicated'")


def test_rabbitmq_dead_lettered_message_is_seen_as_such(recording: Load) -> None:
    select = recording("rabbitmq-pika")
    states = {
        (m["destination"], m["state"])
        for m in select("SELECT DISTINCT destination, state FROM messages")
    }
    assert ("orders.qq", "dead-lettered") in states
    assert ("orders.retry.q", "dead-lettered") in states


def test_kafka_consumer_in_another_trace_is_joined_by_its_link(recording: Load) -> None:
    select = recording("kafka-confluent")
    (order,) = select("SELECT * FROM executions WHERE execution = 'c1'")
    assert order["traces"] == 3  # the request, and the two reads
    joined = select("""
        SELECT type, mode, evidence FROM handoffs WHERE execution = 'c1' ORDER BY wait_ns""")
    assert [(h["type"], h["mode"]) for h in joined] == [("message", "async")] * 2
    assert "link" in joined[0]["evidence"]


def test_kafka_second_read_by_the_same_group_is_a_duplicate(recording: Load) -> None:
    select = recording("kafka-confluent")
    found = select("SELECT * FROM findings WHERE rule = 'DUP001'")
    assert len(found) == 3
    assert {f["evidence"]["times"] if isinstance(f["evidence"], dict) else 2 for f in found} == {2}
    assert len([f for f in found if f["execution"] == "c1"]) == 1


def test_a_recording_imported_twice_is_the_same_recording(recording: Load) -> None:
    select = recording("kafka-confluent")
    once = select("SELECT id, rule, execution, message FROM findings ORDER BY id")
    select = recording("kafka-confluent")
    assert select("SELECT id, rule, execution, message FROM findings ORDER BY id") == once
