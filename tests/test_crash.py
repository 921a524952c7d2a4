"""kill -9, a full disk, a cut-off log: what was acknowledged is there, once, and can be read."""

from __future__ import annotations

import http.client
import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from load.orders import SECOND, Request, load
from load.senders import GrpcSender, HttpSender, RefusedError, close_all, together
from load.serving import Served, command, serving

import tracemap
from tracemap.store import Store

#: By hand, for longer: TRACEMAP_TEST_KILLS=200 make test ARGS="tests/test_crash.py -k kill"
KILLS = int(os.environ.get("TRACEMAP_TEST_KILLS", "4"))
SEED = int(os.environ.get("TRACEMAP_TEST_SEED", "1"))

#: What a sender sees of a server that was killed.
GONE = (OSError, http.client.HTTPException, grpc.RpcError)


class Sent:
    """The requests that were acknowledged, and those of which nobody can say."""

    def __init__(self) -> None:
        self.acknowledged: list[Request] = []
        self.unknown: list[Request] = []


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    rng = random.Random(SEED)
    spans = unsure = 0
    for number in range(KILLS):
        # Requests of a round of their own: no span is sent twice on purpose.
        sent = load(600, begin_ns=time.time_ns() - 7200 * SECOND, seed=1000 * SEED + number)
        with serving(db) as served:
            found = _count(served)
            # Everything from before is there, and of what was under way when it was killed,
            # whole requests or nothing.
            assert spans <= found <= spans + unsure
            spans = found
            result = _load_and_kill(served, sent.requests, rng)
        spans += sum(request.spans for request in result.acknowledged)
        unsure = sum(request.spans for request in result.unknown)
        if number % 2:  # otherwise the next server finds the log as the kill left it
            _check(db)
    # What the last kill left is read without a server too.
    with tracemap.open(db) as opened:
        ((found, ids),) = opened.sql(COUNT).rows()
    assert found == ids
    assert spans <= found <= spans + unsure


COUNT = "SELECT count(*) AS spans, count(DISTINCT (trace_id, span_id)) AS ids FROM spans"


def _count(served: Served) -> int:
    with tracemap.open(served.db) as opened:
        ((spans, ids),) = opened.sql(COUNT).rows()
    assert spans == ids
    return int(spans)


def _load_and_kill(served: Served, requests: tuple[Request, ...], rng: random.Random) -> Sent:
    """Send from four threads; some moments later the server is killed, at times while it stops."""
    sent = Sent()
    waiting = iter(requests)
    turn = threading.Lock()
    begun = threading.Event()
    senders = [make(to) for make, to in _doors(served) for _ in range(2)]

    def work(sender: HttpSender | GrpcSender) -> None:
        while True:
            with turn:
                request = next(waiting, None)
            if request is None:
                return
            try:
                assert sender(request.body) == b""
            except GONE:
                with turn:
                    sent.unknown.append(request)
                return
            with turn:
                sent.acknowledged.append(request)
            begun.set()

    def kill() -> None:
        assert begun.wait(60)
        time.sleep(rng.uniform(0, 0.5))
        if rng.random() < 0.3:
            served.process.terminate()
            time.sleep(rng.uniform(0, 0.5))
        served.kill()

    together(kill, *(lambda sender=sender: work(sender) for sender in senders))
    close_all(senders)
    assert sent.acknowledged
    return sent


def _doors(served: Served) -> list[tuple[type[HttpSender | GrpcSender], str]]:
    return [(HttpSender, served.http), (GrpcSender, served.grpc)]


def _check(db: Path) -> None:
    """The log that the kill left can be read, and every batch has all its rows."""
    with Store.open(db) as store:
        assert store.missing_rows() == []
        cursor = store.cursor()
        assert cursor.execute("SELECT count(*) FROM store.batch").fetchone() == (
            store.last_batch(),
        )


# --- a full disk ----------------------------------------------------------------------------------


@contextmanager
def _disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A small disk of its own. Skips the test where only an administrator could make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small disk is made with mount, which is not here")
    if done.returncode:
        pytest.skip(f"a small disk can only be made by an administrator: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_refuses_spans_and_loses_none(tmp_path: Path) -> None:
    sent = load(2000, begin_ns=time.time_ns() - 7200 * SECOND)
    with _disk(tmp_path / "disk", 96) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(90 << 20))
        db = disk / "shop.duckdb"
        with serving(db) as served:
            with HttpSender(served.http) as send:
                refused = _until_refused(send, sent.requests)
            body = sent.requests[refused].body
            with GrpcSender(served.grpc) as send_rpc, pytest.raises(grpc.RpcError) as refusal:
                send_rpc(body)
            assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
            assert "the disk is full" in refusal.value.details()
            # Those who ask are told as well, in one sentence.
            told = command("findings", "--db", db, code=3).stderr
            assert f"{db}: the disk is full" in told
            assert "free space" in told
            served.kill()
        # Killed with a full disk, it starts on a full disk, and goes on once there is space.
        with serving(db) as served, HttpSender(served.http) as send:
            refused += _until_refused(send, sent.requests[refused:])
            ballast.unlink()
            for request in sent.requests[refused:]:
                assert send(request.body) == b""
            with tracemap.open(db) as opened:
                assert opened.sql(COUNT).rows() == [(sent.spans, sent.spans)]
                found = opened.findings().to_dicts()
            assert {(f["rule"], f["correlation"]["value"]) for f in found} == sent.faults
            served.stop()
        _check(db)


def _until_refused(send: HttpSender, requests: tuple[Request, ...]) -> int:
    """Send until the disk is full; returns how many requests were taken."""
    for taken, request in enumerate(requests):
        if refusal := _refusal(send, request.body):
            assert refusal.status == 503
            assert b"the disk is full" in refusal.body
            # Not for once: the same request is refused again.
            assert _refusal(send, request.body)
            return taken
    raise AssertionError("the disk did not get full")


def _refusal(send: HttpSender, body: bytes) -> RefusedError | None:
    try:
        assert send(body) == b""
    except RefusedError as refusal:
        return refusal
    return None
