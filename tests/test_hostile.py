"""A running server under attack: clients that are slow, many, greedy, or come at a bad moment."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from load.orders import SECOND, Request, load
from load.senders import GrpcSender, HttpSender, RefusedError, close_all, send_all, together
from load.serving import PATIENCE, Served, command, serving, start
from otlp_requests import body, span

import tracemap
from tracemap.api import Tracemap
from tracemap.batch import SpanBatch
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.receivers import Address, Receivers
from tracemap.errors import InputError, TracemapError

COUNT = "SELECT count(*) AS spans, count(DISTINCT (trace_id, span_id)) AS ids FROM spans"
HEAD = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"


def begin_ns() -> int:
    """Two hours ago, when everything that has a deadline is past it."""
    return time.time_ns() - 7200 * SECOND


def stored(opened: Tracemap) -> int:
    ((spans, ids),) = opened.sql(COUNT).rows()
    assert spans == ids
    return int(spans)


# --- slow clients ---------------------------------------------------------------------------------


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receivers]]:
    """HTTP receivers in this process, with a sink of the test's own."""
    with contextlib.ExitStack() as running:

        def run(
            sink: Callable[[Sequence[SpanBatch]], None] = _forget, **limits: float
        ) -> Receivers:
            given = Limits(**limits)  # type: ignore[arg-type]
            return running.enter_context(
                Receivers(sink, grpc=None, http="127.0.0.1:0", limits=given)
            )

        yield run


def _forget(_: Sequence[SpanBatch]) -> None:
    """Stores nothing."""


def _connect(to: Address | str | None) -> socket.socket:
    host, _, port = str(to).rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def _ends(client: socket.socket) -> bool:
    """Whether the server ends the connection, without a word."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [b"", b"P", HEAD, HEAD + b"x-a: "])
def test_a_head_that_does_not_arrive_is_not_waited_for(
    receivers: Callable[..., Receivers], begun: bytes
) -> None:
    with _connect(receivers(head_seconds=0.2).http) as client:
        client.sendall(begun)
        assert _ends(client)


def test_nor_is_the_head_of_a_second_request(
    receivers: Callable[..., Receivers],
) -> None:
    with _connect(receivers(head_seconds=0.2).http) as client:
        client.sendall(HEAD + b"content-length: 0\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        client.sendall(b"P")
        assert _ends(client)


def test_a_request_that_is_being_answered_has_all_its_time(
    receivers: Callable[..., Receivers],
) -> None:
    written = threading.Event()

    def slow(_: Sequence[SpanBatch]) -> None:
        time.sleep(0.5)
        written.set()

    with HttpSender(str(receivers(slow, head_seconds=0.1).http)) as send:
        assert send(body(span("slow"))) == b""
        assert written.is_set()
        # In between the connection rests, for longer than a head may take.
        time.sleep(0.3)
        assert send(body(span("later"))) == b""


def test_a_body_that_never_begins_is_not_waited_for(receivers: Callable[..., Receivers]) -> None:
    with _connect(receivers(body_seconds=0.2).http) as client:
        client.sendall(HEAD + b"content-length: 100\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_connections_have_a_number(
    receivers: Callable[..., Receivers],
) -> None:
    to = receivers(connections=3).http
    with HttpSender(str(to)) as first, _connect(to), _connect(to):
        assert first(b"") == b""
        with _connect(to) as fourth:
            assert _ends(fourth)
        assert first(b"") == b""


@pytest.mark.slow
def test_slow_clients_do_not_keep_others_from_their_work(tmp_path: Path) -> None:
    sent = load(200, begin_ns=begin_ns())
    first, *rest = sent.requests
    with serving(tmp_path / "shop.duckdb") as served, contextlib.ExitStack() as slow:
        with HttpSender(served.http) as kept:
            assert kept(first.body) == b""
            for number in range(300):
                client = slow.enter_context(_connect(served.http))
                client.sendall([b"", HEAD, HEAD + b"content-length: 9\r\n\r\nx"][number % 3])
            assert kept(rest[0].body) == b""
        fresh = [HttpSender(served.http), GrpcSender(served.grpc)]
        send_all(rest[1:], fresh)
        close_all(fresh)
        with tracemap.open(served.db) as opened:
            assert stored(opened) == sent.spans
        served.stop()  # while they still hold their connections


# --- many clients, and greedy ones ----------------------------------------------------------------


@pytest.mark.slow
def test_two_hundred_exporters_at_once(tmp_path: Path) -> None:
    sent = load(1200, begin_ns=begin_ns())
    with serving(tmp_path / "shop.duckdb") as served:
        senders = [
            make(to)
            for make, to in ((HttpSender, served.http), (GrpcSender, served.grpc))
            for _ in range(100)
        ]
        # Each has one request under way at all times; none is told to drop its spans.
        parts = [Request("", export, 0) for request in sent.requests for export in [request.body]]
        send_all(parts * 5, senders)
        close_all(senders)
        with tracemap.open(served.db) as opened:
            assert stored(opened) == sent.spans  # sent five times, there once
        served.stop()


def test_what_is_compressed_weighs_what_it_becomes(receivers: Callable[..., Receivers]) -> None:
    """Small bodies that become large ones are refused once too much of them waits."""
    large = body(span("x" * (50 << 20)))
    small = gzip.compress(large, 1)
    assert len(small) < len(large) // 100
    release = threading.Event()

    def hold(_: Sequence[SpanBatch]) -> None:
        assert release.wait(PATIENCE)

    to = str(receivers(hold).http)
    refusals: list[RefusedError] = []

    def send() -> None:
        with HttpSender(to) as sender:
            try:
                sender(small, content_encoding="gzip")
            except RefusedError as refusal:
                refusals.append(refusal)
                release.set()  # one is enough

    together(*[send] * 8)
    assert refusals
    for refusal in refusals:
        assert refusal.status == 429
        status = Status.FromString(refusal.body)
        assert status.details[0].Is(RetryInfo.DESCRIPTOR)


# --- bad moments ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_spans_that_arrive_while_it_stops_are_stored_or_not_acknowledged(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    sent = load(1500, begin_ns=begin_ns())
    acknowledged: list[Request] = []
    unknown: list[Request] = []
    refused: list[Request] = []
    waiting = iter(sent.requests)
    turn = threading.Lock()
    enough = threading.Event()

    def work(sender: HttpSender | GrpcSender) -> None:
        while True:
            with turn:
                request = next(waiting, None)
            if request is None:
                return
            outcome, more = _try(sender, request, acknowledged, refused, unknown)
            with turn:
                outcome.append(request)
                if len(acknowledged) > 8:
                    enough.set()
            if not more:
                return

    with serving(db) as served, contextlib.ExitStack() as connected:
        senders = [
            connected.enter_context(make(to))
            for make, to in ((HttpSender, served.http), (GrpcSender, served.grpc))
            for _ in range(3)
        ]

        def stop() -> None:
            assert enough.wait(PATIENCE)
            served.stop()

        together(stop, *(lambda sender=sender: work(sender) for sender in senders))
    least = sum(request.spans for request in acknowledged)
    with tracemap.open(db) as opened:
        assert least <= stored(opened) <= least + sum(request.spans for request in unknown)


#: Answers that invite an exporter to send the same again.
RETRYABLE = {429, 503, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


def _try(
    sender: HttpSender | GrpcSender,
    request: Request,
    acknowledged: list[Request],
    refused: list[Request],
    unknown: list[Request],
) -> tuple[list[Request], bool]:
    """What became of a request, and whether the sender can go on. No refusal means: drop it."""
    try:
        assert sender(request.body) == b""
    except RefusedError as refusal:
        if refusal.status not in RETRYABLE:
            raise
        return refused, True
    except grpc.RpcError as error:
        if error.code() not in RETRYABLE:
            raise
        return unknown, False
    except (OSError, http.client.HTTPException):
        return unknown, False
    return acknowledged, True


def test_a_second_signal_ends_it_at_once_and_costs_nothing(tmp_path: Path) -> None:
    sent = load(20, begin_ns=begin_ns())
    db = tmp_path / "shop.duckdb"
    with serving(db) as served:
        with HttpSender(served.http) as send:
            for request in sent.requests:
                assert send(request.body) == b""
        # A request that is under way keeps the server from ending.
        with _connect(served.http) as slow:
            slow.sendall(HEAD + b"content-length: 9\r\n\r\nx")
            served.process.send_signal(signal.SIGTERM)
            _wait_until_closed(served)
            assert served.process.poll() is None
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(PATIENCE) == -signal.SIGTERM
    assert served.socket.exists()  # nobody was left to remove it
    with serving(db) as served, tracemap.open(db) as opened:
        assert stored(opened) == sent.spans
        served.stop()


def _wait_until_closed(served: Served) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            _connect(served.http).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("it still listens")


def test_of_two_servers_that_start_together_one_serves(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    free = ("--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    both = [start("serve", "--db", str(db), "--ready-file", str(f), *free) for f in files]
    try:
        give_up = time.monotonic() + PATIENCE
        while all(process.poll() is None for process in both) and time.monotonic() < give_up:
            time.sleep(0.02)
        loser = next(process for process in both if process.poll() is not None)
        (winner,) = (process for process in both if process is not loser)
        said = loser.communicate(timeout=PATIENCE)[1]
        assert loser.returncode == 3, said
        assert said.startswith(f"tracemap: {db}: ")
        assert "Traceback" not in said
        assert command("findings", "--db", db).returncode == 0
        winner.send_signal(signal.SIGTERM)
        assert winner.wait(PATIENCE) == 0
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_reading_while_an_import_runs(tmp_path: Path) -> None:
    sent = load(1500, begin_ns=begin_ns())
    file = tmp_path / "traces.binpb"
    with file.open("wb") as out:
        for request in sent.requests:
            out.write(len(request.body).to_bytes(4))
            out.write(request.body)
    with serving(tmp_path / "shop.duckdb") as served, tracemap.open(served.db) as opened:
        importing = start("import", str(file), "--db", str(served.db))
        seen = [0]
        while importing.poll() is None:
            seen.append(stored(opened))
        said = importing.communicate()
        assert importing.returncode == 0, said
        assert seen == sorted(seen)
        assert stored(opened) == sent.spans
        # A recording is known up to its last span, which is too early to call a message lost.
        found = opened.findings(rule="DUP001").to_dicts()
        assert {f["correlation"]["value"] for f in found} == sent.twice
        served.stop()


# --- statements meant to hurt ---------------------------------------------------------------------

#: Each of them once ended the server, kept it busy for minutes, or was answered with a defect.
HURTFUL = {
    "deep JSON as VARIANT": "SELECT '" + "[" * 20_000 + "]" * 20_000 + "'::JSON::VARIANT",
    "deep VARIANT within": "SELECT ('" + "[" * 20_000 + "]" * 20_000 + "'::JSON)::VARIANT[]",
    "variant function": "SELECT variant_group_array(attributes) FROM spans",
    "deep JSON structure": "SELECT json_transform('[]', repeat('[', 9999) || repeat(']', 9999))",
    "deep JSON within": "SELECT json_contains(repeat('[', 9999) || repeat(']', 9999), '1')",
    "SQL within JSON": "SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))",
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 1500 + "spans" + ")" * 1500,
    "joins": "SELECT 1 FROM " + " CROSS JOIN ".join(["(SELECT 1)"] * 1000),
    "deep type": "SELECT '[]'::INT" + "[]" * 900,
    "long path": "SELECT a" + ".a" * 20_000,
    "grouping sets": "SELECT 1 FROM spans GROUP BY CUBE (trace_id, span_id, name, service, kind, "
    "status, start_time)",
    "matrix": "SELECT damerau_levenshtein(repeat('a', 9999), repeat('b', 9999))",
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("attacked") / "shop.duckdb") as served:
        with HttpSender(served.http) as send:
            for request in load(20, begin_ns=begin_ns()).requests:
                assert send(request.body) == b""
        yield served


@pytest.mark.parametrize("name", HURTFUL)
def test_a_statement_meant_to_hurt(attacked: Served, name: str) -> None:
    with tracemap.open(attacked.db) as opened:
        with pytest.raises(TracemapError) as caught:
            opened.sql(HURTFUL[name], timeout=2.0)
        assert isinstance(caught.value, InputError)  # ours to explain, and no defect
        assert stored(opened) == load(20, begin_ns=0).spans
    assert attacked.process.poll() is None
