"""``tracemap serve``: takes spans, answers while it does, ends well, and survives being killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import front
import grpc
import pytest
from typer.testing import CliRunner

import tracemap
from tracemap.cli.app import app
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.errors import StoreBusyError
from tracemap.local import LocalBackend, Refresher
from tracemap.store import Store
from tracemap.web.place import socket_path
from tracemap.web.server import Options, Server

RUNNER = CliRunner()
#: Seconds that something may take on a busy machine before it counts as hanging.
PATIENCE = 60


class Served:
    """A ``tracemap serve`` process."""

    def __init__(self, db: Path, *args: str) -> None:
        self.ready = db.with_name("ready.json")
        self.ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tracemap", "serve", "--db", str(db)),
                *("--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"),
                *("--ready-file", str(self.ready), *args),
            ],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.ready.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.told: dict[str, Any] = json.loads(self.ready.read_text(encoding="utf-8"))

    def send(self, line: bytes) -> None:
        """One OTLP/JSON request over HTTP; returns once it is acknowledged."""
        post(f"http://{self.told['http']}/v1/traces", line)

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; exit code and stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, err


def post(url: str, body: bytes, kind: str = "application/json") -> bytes:
    request = urllib.request.Request(url, body, {"content-type": kind})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return bytes(answer.read())


@contextmanager
def served(db: Path, *args: str) -> Iterator[Served]:
    """A server process, which is gone at the end."""
    server = Served(db, *args)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def answer(db: Path, *args: str) -> str:
    """What a command prints."""
    result = RUNNER.invoke(app, [*args, "--db", str(db)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_spans_in_findings_out_and_a_good_end(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    with served(db) as server:
        first, *rest = front.lines()
        server.send(first)
        with grpc.insecure_channel(server.told["grpc"]) as channel:
            export = channel.unary_unary(
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            )
            for line in rest:
                export(to_protobuf(line), timeout=PATIENCE)
        while_running = answer(db, "executions", "list")
        assert while_running.startswith("41 executions")
        code, err = server.end(signal.SIGTERM)
        assert code == 0
        assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{server.told['grpc']}" in err
        assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{server.told['http']}" in err
        assert err.index("PROTOCOL=grpc") < err.index("PROTOCOL=http/protobuf")
        assert not server.ready.exists()
    assert not socket_path(db).exists()
    assert not db.with_name("shop.duckdb.wal").exists()
    assert answer(db, "executions", "list").startswith("41 executions")


def test_interrupt_ends_it_as_well(tmp_path: Path) -> None:
    with served(tmp_path / "a.duckdb", "--http", "off") as server:
        assert server.told["http"] is None
        assert server.end(signal.SIGINT)[0] == 0


def test_a_killed_server_leaves_its_spans_and_a_socket_that_the_next_replaces(
    tmp_path: Path,
) -> None:
    db = tmp_path / "shop.duckdb"
    with served(db) as server:
        for line in front.lines():
            server.send(line)
        server.end(signal.SIGKILL)
    assert socket_path(db).exists()
    # Without a server: the stale socket is noticed, the acknowledged spans are there.
    count = json.loads(answer(db, "sql", "SELECT count(*) AS n FROM spans", "-f", "json"))
    assert count == [{"n": 204}]
    with served(db) as server:
        assert answer(db, "executions", "list").startswith("41 executions")
        assert server.end(signal.SIGTERM)[0] == 0


def test_a_second_server_says_who_is_first(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    with served(db) as server:
        result = RUNNER.invoke(
            app, ["serve", "--db", str(db), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        )
        assert result.exit_code == 3
        (what, hint) = result.stderr.splitlines()
        assert f"process {server.process.pid}" in what
        assert "already serves this database" in what
        assert "another --db" in hint


def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    with front.serving(db):
        found = socket_path(db).stat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600


def test_a_long_path_has_its_socket_in_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    folder = tmp_path / ("x" * 60) / ("y" * 60)
    folder.mkdir(parents=True)
    db = front.shop(folder)
    place = socket_path(db)
    assert len(os.fsencode(place)) < 100
    assert place != socket_path(db.with_name("other.duckdb"))
    with front.serving(db):
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert answer(db, "findings").startswith("1 finding")
    assert not place.exists()


def test_the_socket_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = front.shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.duckdb").symlink_to(db)
    assert socket_path("shop.duckdb") == socket_path(db) == socket_path("link.duckdb")


def test_something_else_at_the_sockets_place_is_left_alone(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    socket_path(db).write_text("mine", encoding="utf-8")
    result = RUNNER.invoke(
        app, ["serve", "--db", str(db), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    )
    assert result.exit_code == 3
    assert "not a socket" in result.stderr
    assert socket_path(db).read_text(encoding="utf-8") == "mine"


#: Asked with and without a server; the answers must be the same, byte for byte.
GOLDEN = [
    ["findings"],
    ["findings", "-f", "json"],
    ["findings", "-f", "csv"],
    ["findings", "-f", "md"],
    ["executions", "list", "-f", "json"],
    ["executions", "show", "4711", "-f", "json"],
    ["executions", "show", "4711"],
    ["custody", "order.id=4711"],
    ["custody", "4711", "-f", "json"],
    ["custody", "4711", "--at", "2025-03-03T09:45:00Z", "-f", "json"],
    ["custody"],
    ["graph"],
    ["graph", "-f", "json"],
    ["graph", "4711", "-f", "mermaid"],
    ["owners", "list", "-f", "json"],
    ["owners", "explain", "payment", "-f", "json"],
    ["keys", "-f", "json"],
    ["explain", "4711"],
    ["query", "run", "busiest_boundaries", "-f", "json"],
    ["sql", "SELECT * FROM messages ORDER BY ALL", "-f", "json"],
    ["sql", "SELECT * FROM spans ORDER BY span_id", "-f", "json"],
]


def test_the_answers_are_the_same_with_a_server_and_without(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    alone = [answer(db, *command) for command in GOLDEN]
    with front.serving(db):
        through = [answer(db, *command) for command in GOLDEN]
    for command, one, other in zip(GOLDEN, alone, through, strict=True):
        assert one == other, command


@pytest.mark.parametrize(
    "command",
    [
        ["custody", "4712"],
        ["findings", "--severity", "hgh"],
        ["sql", "DROP VIEW findings"],
        ["sql", "SELECT nothing FROM spans"],
        ["owners", "explain", "paymnt"],
        ["query", "run", "nothing"],
    ],
)
def test_errors_are_the_same_too(tmp_path: Path, command: list[str]) -> None:
    db = front.shop(tmp_path)

    def failure() -> tuple[int, str]:
        result = RUNNER.invoke(app, [*command, "--db", str(db)])
        return result.exit_code, result.stderr

    alone = failure()
    with front.serving(db):
        through = failure()
    assert alone == through
    assert alone[0] == 2


def test_writing_commands_go_through_the_server(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join([*front.lines(), b"nonsense"]))
    owners = tmp_path / "ownership.yaml"
    owners.write_text("version: 1\nservices:\n  - {name: payment, team: money}\n", encoding="utf-8")
    with front.serving(db) as server:
        result = RUNNER.invoke(app, ["import", str(file), "--db", str(db)])
        assert result.exit_code == 2
        assert f"{file}:4: " in result.stderr
        assert answer(db, "findings").startswith("1 finding")
        answer(db, "owners", "load", str(owners))
        assert "belongs to money" in answer(db, "owners", "explain", "payment")
        answer(db, "keys", "set", "order.id")
        assert json.loads(answer(db, "keys", "-f", "json"))[0]["kind"] == "user"
        answer(db, "findings", "mute", "4711", "--reason", "shipped by hand")
        assert not json.loads(answer(db, "findings", "--rule", "ORP002", "-f", "json"))
        assert "All 41 executions" in answer(db, "reconcile", "--no-save")
        answer(db, "findings", "unmute", "4711")
        assert "40 of 41" in answer(db, "reconcile")
        assert json.loads(answer(db, "findings", "-f", "json"))[0]["status"] == "ongoing"
        assert server.health()[0]
    # All of it was stored.
    assert "belongs to money" in answer(db, "owners", "explain", "payment")
    assert json.loads(answer(db, "findings", "-f", "json"))[0]["status"] == "ongoing"


def test_an_empty_database_is_not_analysed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each analysis knows of a batch; what an earlier server stored is analysed at the start."""
    stored: list[int] = []
    begun = threading.Event()

    def refresh(backend: LocalBackend) -> None:
        stored.append(backend.store.last_batch())
        begun.set()

    monkeypatch.setattr(LocalBackend, "refresh", refresh)
    db = tmp_path / "shop.duckdb"
    for batches in (0, 1):
        begun.clear()
        with front.serving(db) as server:
            assert server.listening is not None
            if not batches:
                post(f"http://{server.listening.http}/v1/traces", front.lines()[0])
            assert begun.wait(PATIENCE)
    assert set(stored) == {1}


def test_the_flags_of_a_server_are_stored(tmp_path: Path) -> None:
    db = tmp_path / "a.duckdb"
    with served(db, "--grace", "2s", "--lag", "500ms") as server:
        server.end(signal.SIGTERM)
    with front.local(db) as opened:
        assert opened.backend.settings().grace_ns == 2 * 10**9
        assert opened.backend.settings().lag_ns == 500 * 10**6


def test_readers_ask_while_spans_arrive(tmp_path: Path) -> None:
    """Readers see whole batches, never fewer than before, and everything at the end."""
    db = tmp_path / "busy.duckdb"
    seen: dict[int, list[int]] = {0: [], 1: [], 2: []}
    done = threading.Event()
    errors: list[BaseException] = []

    def read(number: int) -> None:
        try:
            with tracemap.open(db) as opened:
                while not done.is_set():
                    seen[number].append(opened.executions().height)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    with front.serving(db) as server:
        assert server.listening is not None
        readers = [threading.Thread(target=read, args=(number,)) for number in seen]
        for reader in readers:
            reader.start()
        for line in front.lines():
            post(f"http://{server.listening.http}/v1/traces", line)
        deadline = time.monotonic() + PATIENCE
        while not all(s and s[-1] == 41 for s in seen.values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        done.set()
        for reader in readers:
            reader.join()
    assert not errors
    for counts in seen.values():
        assert counts == sorted(counts)
        assert counts[-1] == 41


def test_the_python_api_does_not_care_who_holds_the_file(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    with tracemap.open(db) as alone:
        frames = {name: getattr(alone, name)() for name in ("executions", "steps", "handoffs")}
        with pytest.raises(StoreBusyError), Server(Options(db, grpc=None, http=None)):
            pytest.fail("the file is open in this process already")
    with front.serving(db), tracemap.open(db) as through:
        assert not isinstance(through.backend, LocalBackend)
        for name, frame in frames.items():
            assert getattr(through, name)().equals(frame)


def test_opening_twice_in_one_process_shares_the_database(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    (tmp_path / "link.duckdb").symlink_to(db)
    with tracemap.open(db) as one:
        with tracemap.open(tmp_path / "link.duckdb") as other:
            assert other.backend is one.backend
        assert one.findings().height == 1
    with front.serving(db):
        pass


def test_a_command_waits_for_another_that_has_the_file(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    script = (
        "import sys, time, tracemap\n"
        "with tracemap.open(sys.argv[1]):\n"
        "    print('open', flush=True)\n"
        "    time.sleep(1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(db)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert answer(db, "findings").startswith("1 finding")


def test_a_listener_that_cannot_be_had_leaves_nothing_behind(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        threads = threading.active_count()
        for options in (
            Options(db, grpc=address, http="127.0.0.1:0"),
            Options(db, grpc="127.0.0.1:0", http=address),
            Options(db, grpc="127.0.0.1:0", http="127.0.0.1:0", web=address),
        ):
            with pytest.raises(tracemap.TracemapError, match="in use"):
                Server(options).start()
            assert not socket_path(db).exists()
    with front.local(db) as opened:
        assert opened.findings().height == 1
    assert threading.active_count() <= threads + 1


def test_a_server_does_not_wait_for_its_analysis_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = threading.Event()

    def endless(store: Store) -> bool:
        begun.set()
        # Longer than a test may take.
        store.cursor().execute("SELECT count(*) FROM range(10000000000000) t(a) WHERE a % 7 = 3")
        return True

    monkeypatch.setattr("tracemap.pipeline.refresh", endless)
    db = tmp_path / "a.duckdb"
    with Store.open(db) as store:  # of an empty database nothing is analysed at the start
        front.store_lines(store, front.lines()[:1])
    server = Server(Options(db, grpc=None, http="127.0.0.1:0"))
    server.start()
    assert begun.wait(PATIENCE)
    server.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not db.with_name(f"{db.name}.wal").exists()


def test_a_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        with served(tmp_path / "a.duckdb") as server:
            assert manager.recv(100) == b"READY=1"
            assert server.end(signal.SIGTERM)[0] == 0
        assert manager.recv(100) == b"STOPPING=1"
        # Nobody listens: that is no reason not to serve.
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
        with served(tmp_path / "a.duckdb") as server:
            assert server.end(signal.SIGTERM)[0] == 0


def test_stopping_twice_is_harmless(tmp_path: Path) -> None:
    server = Server(Options(tmp_path / "a.duckdb", grpc="127.0.0.1:0", http=None))
    server.start()
    server.stop()
    server.stop()


def test_readers_share_a_refresh() -> None:
    runs = []
    entered, go = threading.Event(), threading.Event()

    def work() -> bool:
        runs.append(time.monotonic())
        entered.set()
        go.wait(PATIENCE)
        return True

    refresher = Refresher(work, longest_pause=0.0)
    first = threading.Thread(target=refresher.fresh)
    first.start()
    entered.wait(PATIENCE)
    # These come while one runs, which may have missed what they are to see: they share the next.
    late = [threading.Thread(target=refresher.fresh) for _ in range(8)]
    for thread in late:
        thread.start()
    time.sleep(0.2)
    go.set()
    for thread in (first, *late):
        thread.join(PATIENCE)
    assert len(runs) == 2


def test_a_failed_refresh_is_told_to_who_waited_and_to_nobody_after() -> None:
    outcomes: list[bool] = [False, True]

    def work() -> bool:
        if not outcomes.pop(0):
            raise tracemap.TracemapError("broken")
        return True

    refresher = Refresher(work, longest_pause=0.0)
    with pytest.raises(tracemap.TracemapError, match="broken"):
        refresher.fresh()
    refresher.fresh()
