"""The demo: its shop does what its script says, and tracemap reports exactly what was injected."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from otlp_sink import Captured, running_sink
from pinned import pinned, without_times

import tracemap
from tracemap import pipeline
from tracemap.api import Tracemap
from tracemap.demo.broker import BrokerClient
from tracemap.demo.faults import BATCH, FEWEST_ORDERS, HELD_ORDER, Script, plan
from tracemap.demo.process import Child, listen
from tracemap.demo.run import place_of, run_demo
from tracemap.demo.shop import run_shop
from tracemap.demo.topology import CAPTURED, DESTINATIONS, FAILED, PLACED, SERVICES, SHIPPED
from tracemap.demo.truth import Injected, differences, injected
from tracemap.errors import InputError
from tracemap.store import Store

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5


# The script


@given(seed=st.integers(0, 2**32), orders=st.integers(FEWEST_ORDERS, 1000))
def test_every_script_has_its_faults_on_different_orders_of_the_run(seed: int, orders: int) -> None:
    script = plan(seed, orders)
    hit = {script.lost, script.twice, script.held, script.retried, script.refunded}
    placed = script.order_ids()
    assert len(hit) == 5
    assert hit < set(placed[orders // 5 : orders * 3 // 5])
    assert len(set(placed)) == orders
    assert script.held == str(HELD_ORDER)
    # Enough notifications remain for the batch, even with the faulty orders gone.
    assert script.batch_after + BATCH + len(hit) < orders
    assert plan(seed, orders) == script == Script.from_json(script.to_json())


def test_seeds_differ_in_their_faults() -> None:
    assert len({plan(seed).lost for seed in range(20)}) > 5
    assert {plan(seed).lost_at for seed in range(20)} == {PLACED, SHIPPED}


def test_a_run_too_small_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="--orders"):
        plan(1, FEWEST_ORDERS - 1)


# The truth


def test_a_report_that_is_exactly_the_truth_has_no_differences() -> None:
    truth = injected(plan(1))
    assert differences(truth, [(fault.rule, fault.order) for fault in truth]) == []


def test_differences_name_what_is_missing_superfluous_and_repeated() -> None:
    truth = [Injected("lost", "1", "ORP002", "order"), Injected("dead", "2", "ORP001", "shipping")]
    found = [("ORP002", "1"), ("ORP002", "1"), ("DUP001", "3"), ("DAT004", None)]
    assert differences(truth, found) == [
        "not reported: ORP001 on order 2: dead",
        "reported, but not injected: DAT004 on no order",
        "reported, but not injected: DUP001 on order 3",
        "reported 2 times: ORP002 on order 1",
    ]


# The broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[tuple[str, int], Script]]:
    """The address of a running broker and the script that it misbehaves by."""
    script = plan(1)
    listener = listen()
    environment = {**os.environ, "SHOP_SCRIPT": script.to_json()}
    child = Child("broker", ["tracemap.demo.broker"], environment, tmp_path, listener)
    try:
        child.wait_ready()
        yield listener.getsockname(), script
        child.ask_to_stop()
        assert child.wait_stopped() == 0
    finally:
        if child.exit_code is None:
            child.kill()
        listener.close()


def test_broker_delivers_again_what_a_broken_worker_had_not_acknowledged(
    broker: tuple[tuple[str, int], Script],
) -> None:
    address, _ = broker
    producer, careful, careless = (BrokerClient(address) for _ in range(3))
    producer.publish(PLACED, "m1", {"traceparent": "x"}, {"order": "1"})
    producer.publish(CAPTURED, "m2", {}, {"order": "1"})
    assert [m.id for m in careful.fetch(PLACED, "payment")] == ["m1"]
    assert [m.id for m in careless.fetch(CAPTURED, "shipping", auto_ack=True)] == ["m2"]
    assert producer.pending() == 2
    careful.close()
    careless.close()
    (again,) = producer.fetch(PLACED, "payment", wait=5)
    assert (again.id, again.deliveries, again.headers) == ("m1", 2, {"traceparent": "x"})
    assert producer.fetch(CAPTURED, "shipping", wait=0.2) == []
    producer.ack(again)
    assert producer.pending() == 0
    producer.close()


def test_broker_gives_each_group_its_copy_and_waits_for_a_whole_batch(
    broker: tuple[tuple[str, int], Script],
) -> None:
    client = BrokerClient(broker[0])
    client.publish(FAILED, "m1", {}, {"order": "1"})
    client.publish(FAILED, "m2", {}, {"order": "2"})
    assert client.fetch(FAILED, "payment", least=3, most=3, wait=0.2) == []
    for group in DESTINATIONS[FAILED].groups:
        messages = client.fetch(FAILED, group, least=2, most=2)
        assert [m.id for m in messages] == ["m1", "m2"]
        client.nack(messages[0], delay=0.1)
        client.ack(messages[1])
        (again,) = client.fetch(FAILED, group, wait=5)
        assert (again.id, again.deliveries) == ("m1", 2)
        client.ack(again)
    client.close()


def test_broker_loses_and_repeats_exactly_what_its_script_says(
    broker: tuple[tuple[str, int], Script],
) -> None:
    address, script = broker
    client = BrokerClient(address)
    for order in (script.lost, script.twice, "other"):
        for destination in (PLACED, SHIPPED):
            client.publish(destination, f"{destination}/{order}", {}, {"order": order})
    seen: Counter[str] = Counter()
    while client.pending():
        for destination in (PLACED, SHIPPED):
            group = DESTINATIONS[destination].groups[0]
            for message in client.fetch(destination, group, wait=0.1):
                client.ack(message)
                seen[message.id] += 1
    lost, twice = f"{script.lost_at}/{script.lost}", f"{script.twice_at}/{script.twice}"
    assert lost not in seen
    assert seen[twice] == 2
    assert len(seen) == 5
    assert sum(seen.values()) == 6
    client.close()


# The shop, as its exporters tell it


@pytest.mark.slow
def test_the_shop_exports_what_its_script_says(tmp_path: Path) -> None:
    script = plan(seed=3, orders=FEWEST_ORDERS)
    placed: list[int] = []
    with running_sink() as sink:
        run_shop(script, sink.grpc, sink.http, tmp_path, placed.append)
    spans = sink.spans
    assert placed == list(range(1, FEWEST_ORDERS + 1))
    assert len({span.place for span in spans}) == len(spans)
    _check_resources(spans)
    _check_contexts(spans, script)
    _check_faults(spans, script)
    _check_look_alikes(spans, script)


def test_a_service_whose_spans_nobody_takes_ends_with_an_error(
    broker: tuple[tuple[str, int], Script], tmp_path: Path
) -> None:
    (host, port), script = broker
    environment = {
        **os.environ,
        "OTEL_SERVICE_NAME": "notification",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "SHOP_BROKER": f"{host}:{port}",
        "SHOP_SCRIPT": script.to_json(),
    }
    arguments = ["tracemap.demo.services", "notification"]
    child = Child("notification", arguments, environment, tmp_path)
    try:
        child.wait_ready()
        client = BrokerClient((host, port))
        client.publish(SHIPPED, "m1", {}, {"order": "1"})
        while client.pending():
            time.sleep(0.02)
        client.close()
        child.ask_to_stop()
        assert child.wait_stopped() == 1
        assert child.last_words().endswith("2 spans could not be exported")
    finally:
        if child.exit_code is None:
            child.kill()


def _check_resources(spans: list[Captured]) -> None:
    """Five services, each with its team, its instances and its own protocol."""
    by_service = {(s.service, s.resource["team"], s.via) for s in spans}
    assert by_service == {(s.name, s.team, s.protocol) for s in SERVICES.values()}
    assert {s.via for s in spans} == {"grpc", "http/protobuf"}
    instances = {s.resource["service.instance.id"] for s in spans}
    assert instances == {f"{name}-1" for name in SERVICES} | {"shipping-2"}
    assert {s.resource["service.namespace"] for s in spans} == {"shop"}


def _check_contexts(spans: list[Captured], script: Script) -> None:
    """Parent, link and nothing; and every reference that is there leads somewhere, but one."""
    by_place = {span.place: span for span in spans}
    missing = [s for s in spans if s.parent_id and (s.trace_id, s.parent_id) not in by_place]
    assert [(s.service, s.name, s.order) for s in missing] == [
        ("inventory", "POST /picks", script.held)
    ]
    assert all(link in by_place for span in spans for link in span.links)

    for consumer in _named(spans, f"process {PLACED}"):
        parent = by_place[consumer.trace_id, consumer.parent_id]
        assert (parent.name, parent.kind) == (f"send {PLACED}", PRODUCER)
        assert parent.attributes["messaging.message.id"] == _message(consumer)
    for consumer in _named(spans, f"process {CAPTURED}"):
        assert (consumer.parent_id, consumer.links, _message(consumer)) == ("", (), None)
        assert consumer.order is not None
    for consumer in _named(spans, f"receive {SHIPPED}"):
        assert consumer.parent_id == ""
        assert len(consumer.links) == consumer.attributes["messaging.batch.message_count"]
        sent = {_message(by_place[link]) for link in consumer.links}
        below = [s for s in spans if (s.trace_id, s.parent_id) == consumer.place]
        assert {s.name for s in below} == {f"process {SHIPPED}"}
        assert {_message(s) for s in below} == sent
    for answer in (s for s in spans if s.kind == SERVER and s.name != "POST /orders"):
        if answer not in missing:
            assert by_place[answer.trace_id, answer.parent_id].kind == CLIENT


def _check_faults(spans: list[Captured], script: Script) -> None:
    destination = DESTINATIONS[script.lost_at]
    (sent,) = _named(spans, f"send {destination.name}", script.lost)
    assert _named(spans, f"process {destination.name}", script.lost) == []
    taken = {_message(s) for s in _named(spans, f"process {destination.name}")}
    later = [s for s in _named(spans, f"send {destination.name}") if s.start_ns > sent.start_ns]
    assert len([s for s in later if _message(s) in taken]) > 10

    first, second = _named(spans, f"process {script.twice_at}", script.twice)
    assert _message(first) == _message(second) is not None
    assert first.status == second.status == 0

    held = [s for s in spans if s.order == script.held]
    assert {s.service for s in held} == {"order", "payment", "inventory"}
    after = [s for s in spans if s.start_ns > max(s.start_ns for s in held)]
    workers = {s.resource["service.instance.id"] for s in after if s.service == "shipping"}
    assert workers == {"shipping-2"}


def _check_look_alikes(spans: list[Captured], script: Script) -> None:
    failed, succeeded = sorted(
        _named(spans, f"process {PLACED}", script.retried), key=lambda s: s.start_ns
    )
    assert (failed.status, failed.events, succeeded.status) == (2, ("exception",), 0)

    (shipment,) = _named(spans, f"process {CAPTURED}", script.refunded)
    assert (shipment.status, shipment.events) == (2, ("exception",))
    undone = _named(spans, f"process {FAILED}", script.refunded)
    assert {s.service for s in undone} == {"payment", "inventory"}
    assert {s.name for s in spans if s.kind == INTERNAL} == {"refund", "release"}

    batches = Counter(len(s.links) for s in _named(spans, f"receive {SHIPPED}"))
    assert set(batches) == {1, BATCH}
    assert batches[BATCH] == 1

    unusual = {script.lost, script.twice, script.held, script.retried, script.refunded}
    ordinary = set(script.order_ids()) - unusual
    steps = Counter((s.order, s.name) for s in spans if s.kind in (SERVER, CONSUMER) and s.order)
    assert {name for order, name in steps if order in ordinary} == {
        "POST /orders",
        "POST /reservations",
        f"process {PLACED}",
        f"process {CAPTURED}",
        "POST /picks",
        f"process {SHIPPED}",
    }
    assert {steps[order, f"process {SHIPPED}"] for order in ordinary} == {1}


# The whole demo


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [5, 102]
)  # the fault of 5 is a double charge, of 102 a double mail
def test_the_report_is_exactly_what_was_injected(seed: int, tmp_path: Path) -> None:
    database = tmp_path / "demo.duckdb"
    result = run_demo(seed=seed, database=database)
    assert result.script == plan(seed)
    assert Counter(map(place_of, result.findings)) == Counter(
        (fault.rule, fault.order) for fault in injected(plan(seed))
    )
    assert result.differences == ()
    with tracemap.open(database) as opened:
        _check_analysis(opened, result.script)
        if seed == 5:
            pinned("demo-5.txt", without_times(opened))
    # Tomorrow, when nothing was received in between, the same is wrong: silence resolves nothing.
    with Store.open(database) as store:
        pipeline.refresh(store, now_ns=time.time_ns() + 86_400 * 10**9)
    with tracemap.open(database) as opened:
        found = opened.findings("all").to_dicts()
    # The shop has told nothing since: the horizon stays, and that is said.
    assert [f["family"] for f in found if f["rule"] == "DAT004"] == ["data"]
    tomorrow = [finding for finding in found if finding["rule"] != "DAT004"]
    assert differences(result.truth, map(place_of, tomorrow)) == []
    assert {finding["status"] for finding in tomorrow} <= {"new", "ongoing"}


def _check_analysis(opened: Tracemap, script: Script) -> None:
    """What the demo prints beside the findings, from a database that nobody serves any more."""
    assert [key["name"] for key in opened.keys().to_dicts() if key["chosen"]] == ["order.id"]
    (analysis,) = opened.analysis().to_dicts()
    assert (analysis["executions"], analysis["accounted"]) == (script.orders, script.orders - 3)
    status = {e["correlation"]["value"]: e["status"] for e in opened.executions().to_dicts()}
    assert set(status) == set(script.order_ids())
    unusual = {script.lost, script.held, script.refunded}
    assert {status[order] for order in set(status) - unusual} == {"completed"}
    assert status[script.refunded] == "compensated"

    (held,) = opened.custody(opened.resolve(script.held)[0]).to_dicts()
    assert (held["holder"], held["team"]) == ("shipping", "logistics")
    (lost,) = opened.custody(opened.resolve(script.lost)[0]).to_dicts()
    assert (lost["holder"], lost["holder_kind"]) == (script.lost_at, "queue")

    hops = {
        (e["from_service"], e["to_service"], e["mode"], e["destination"])
        for e in opened.graph(None)["edges"].to_dicts()
    }
    assert hops >= {
        ("order", "inventory", "sync", None),
        ("shipping", "inventory", "sync", None),
        ("order", "payment", "async", PLACED),
        ("payment", "shipping", "async", CAPTURED),
        ("shipping", "notification", "async", SHIPPED),
        ("shipping", "payment", "async", FAILED),
        ("shipping", "inventory", "async", FAILED),
    }
    teams = {row["name"]: row["team"] for row in opened.owners(kind="service").to_dicts()}
    assert teams.items() >= {s.name: s.team for s in SERVICES.values()}.items()


@pytest.mark.slow
def test_the_command_prints_the_injected_faults_and_no_others(tmp_path: Path) -> None:
    seed = int(os.environ["DEMO_SEED"])  # a new one at each run: see conftest.py
    script = plan(seed)
    ran = subprocess.run(
        [sys.executable, "-m", "tracemap", "demo", "--seed", str(seed)],
        env={**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "197 of 200 orders are accounted for" in ran.stdout
    assert "Exactly the 3 injected faults are reported, and nothing else." in ran.stdout
    for fault in injected(script):
        assert f"reported  order {fault.order}: {fault.fault}" in ran.stdout
    assert f"seed {seed}" in ran.stderr
    # The database stays for the commands that the page names; nothing else does.
    (folder,) = tmp_path.glob("tracemap-demo-*")
    assert f"export TRACEMAP_DB={folder / 'demo.duckdb'}" in ran.stdout
    assert [path.name for path in folder.iterdir()] == ["demo.duckdb"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find processes")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_demo_that_is_stopped_leaves_no_process_behind(
    how: signal.Signals, tmp_path: Path
) -> None:
    mark = f"TRACEMAP_TEST={secrets.token_hex(8)}"
    name, _, value = mark.partition("=")
    demo = subprocess.Popen(
        [sys.executable, "-m", "tracemap", "demo", "--seed", "1"],
        env={**os.environ, "TMPDIR": str(tmp_path), name: value},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Whoever runs the tests in the background ignores Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        _wait_until(lambda: len(_processes(mark)) >= 8)  # demo, collector, broker, five services
        time.sleep(1)
        if how is signal.SIGINT:
            os.killpg(demo.pid, how)  # as a terminal sends it: to everyone
            assert demo.wait(timeout=30) == 130
            assert _processes(mark) == []
        else:
            demo.kill()
            demo.wait()
            _wait_until(lambda: _processes(mark) == [])
    finally:
        for process in _processes(mark):
            os.kill(process, signal.SIGKILL)
        demo.wait()


def _wait_until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 150  # eight processes begin; among other tests that takes a minute
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def _processes(mark: str) -> list[int]:
    """The processes whose environment holds ``mark``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            pass  # it is gone, or another user's
    return found


def _named(spans: list[Captured], name: str, order: str | None = None) -> list[Captured]:
    """The messaging spans of that name, in the order they arrived."""
    return [s for s in spans if s.name == name and order in (None, s.order)]


def _message(span: Captured) -> str | None:
    return span.attributes.get("messaging.message.id")
