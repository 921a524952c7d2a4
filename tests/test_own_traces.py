"""tracemap's own traces: there when asked for, without an end in themselves, and free when not."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import front
import httpx
import pytest
from opentelemetry.sdk.trace.sampling import Decision
from otlp_requests import body, span

import tracemap
from tracemap import tracing
from tracemap.errors import InputError
from tracemap.web.own_traces import _Few, check
from tracemap.web.server import Options, Server

PATIENCE = 60.0
OWN = "SELECT * FROM spans WHERE service = 'tracemap'"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spans are exported at once; and no test leaves a tracer behind."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    yield
    tracing.use(None)


@contextlib.contextmanager
def serving(db: Path, to: str, **more: Any) -> Iterator[Server]:
    given: dict[str, Any] = {"http": "127.0.0.1:0", "analyse_every": 0.05, **more}
    with Server(Options(db, grpc=None, trace_self=to, **given)) as server:
        yield server


def send(server: Server, content: bytes) -> int:
    assert server.listening is not None
    headers = {"content-type": "application/x-protobuf"}
    url = f"http://{server.listening.http}/v1/traces"
    return httpx.post(url, content=content, headers=headers, timeout=PATIENCE).status_code


def batches(server: Server) -> int:
    return int(server.health()[1]["batches_stored"])


def settled(server: Server, least: int) -> int:
    """Batches stored once there are ``least``, one is analysed, and none has come for a while."""
    give_up = time.monotonic() + PATIENCE
    found = 0
    while time.monotonic() < give_up:
        before, found = found, batches(server)
        analysed = server.health()[1]["batches_analysed"]
        if found == before and found >= least and analysed:
            return found
        time.sleep(0.7)  # fourteen times as long as spans wait for their export
    raise AssertionError(f"it does not settle: {found} batches and counting")


def test_what_it_does_is_in_its_own_database(tmp_path: Path) -> None:
    db = tmp_path / "a.duckdb"
    with serving(db, "self") as server:
        assert send(server, body(span("secret name"))) == 200
        assert send(server, b"nonsense, and secret") == 400
        settled(server, 2)
    with tracemap.open(db) as opened:
        own = opened.sql(OWN).to_dicts()
        others = opened.sql("SELECT name FROM spans WHERE service <> 'tracemap'").rows()
    assert others == [("secret name",)]
    names = {row["name"] for row in own}
    assert {"receive traces", "commit", "analyse", "read spans", "detect", "rule ORP001"} <= names
    by_id = {row["span_id"]: row["name"] for row in own}
    above = {row["name"]: by_id.get(row["parent_span_id"]) for row in own}
    assert above["detect"] == "analyse"
    assert above["rule ORP001"] == "detect"
    assert above["receive traces"] is None
    refused = [row for row in own if row["name"] == "receive traces" and row["status"] == "error"]
    assert len(refused) == 1
    assert "PayloadError" in str(refused[0]["attributes"])
    assert "secret" not in str(own)


def test_to_itself_there_is_no_endless_loop(tmp_path: Path) -> None:
    with serving(tmp_path / "a.duckdb", "self") as server:
        assert send(server, body(span())) == 200
        assert settled(server, 2) < 100  # one analysis, exported as it goes


def test_nor_when_another_collector_sends_them_back(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        # What is sent to its own address comes in as from any other exporter.
        with serving(tmp_path / "a.duckdb", f"http://{address}", http=address) as server:
            assert send(server, body(span())) == 200
            assert settled(server, 2) < 100  # one analysis, exported as it goes
    with tracemap.open(tmp_path / "a.duckdb") as opened:
        names = opened.sql(OWN).get_column("name").to_list()
    assert names.count("receive traces") == 1
    assert "analyse" in names


def test_resource_and_name_are_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our-tracemap")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=platform")
    with serving(tmp_path / "a.duckdb", "self") as server:
        assert send(server, body(span())) == 200
        settled(server, 2)
    with tracemap.open(tmp_path / "a.duckdb") as opened:
        row = opened.sql("SELECT resource FROM spans WHERE service = 'our-tracemap'").to_dicts()[0]
    assert "platform" in str(row)


def test_few_requests_a_second_are_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracemap.web.own_traces.time.monotonic", lambda: 5.5)
    few = _Few(3)
    taken = [few.should_sample(None, n, "receive traces").decision for n in range(5)]
    assert taken == [Decision.RECORD_AND_SAMPLE] * 3 + [Decision.DROP] * 2
    monkeypatch.setattr("tracemap.web.own_traces.time.monotonic", lambda: 6.1)
    assert few.should_sample(None, 9, "receive traces").decision is Decision.RECORD_AND_SAMPLE


def test_a_place_that_is_none_is_refused() -> None:
    for place in ("self", "env", "http://127.0.0.1:4317", "https://collector.example:4317"):
        assert check(place) == place
    for place in ("yes", "127.0.0.1:4317"):
        with pytest.raises(InputError, match="no place for traces"):
            check(place)


def test_without_being_asked_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys, tracemap.web.server, tracemap.cli.serve\n"
        "from tracemap import tracing\n"
        "assert tracing.span('a') is tracing.span('b')\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry.sdk')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=front.ROOT)
