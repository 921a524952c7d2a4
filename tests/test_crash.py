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
from otlp_requests import body, span

import tracemap
from tracemap.store import Store

#: By hand, for longer: TRACEMAP_TEST_KILLS=200 make test ARGS="tests/test_crash.py -k kill"
KILLS = int(os.environ.get("TRACEMAP_TEST_KILLS", "25"))
SEED = int(os.environ.get("TRACEMAP_TEST_SEED", "1"))
COUNT = "SELECT count(*) AS spans, count(DISTINCT (trace_id, span_id)) AS ids FROM spans"

#: What a sender sees of a server that was killed.
GONE = (OSError, http.client.HTTPException, grpc.RpcError)

#: When a round's server is killed: seconds after its first acknowledgement at most, and whether it
#: is told to stop before, so that the kill meets its end: what is in flight, the checkpoint.
MOMENTS = ((0.0, False), (0.05, False), (0.3, False), (0.1, True), (0.5, True))

#: The ids of one request's spans.
Ids = frozenset[int]


class Sent:
    """Requests by what is known of them."""

    def __init__(self) -> None:
        self.acknowledged: list[Ids] = []
        self.unknown: list[Ids] = []


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    rng = random.Random(SEED)
    sent = Sent()
    for number in range(KILLS):
        within, stopping = MOMENTS[number % len(MOMENTS)]
        with serving(db, "--analyse-every", "off") as served:
            _load_and_kill(served, sent, rng, within, stopping=stopping)
        # Otherwise the next server finds what the kill left as it is.
        if number % 4 == 3 or number == KILLS - 1:
            _check(db, sent)
    assert len(sent.acknowledged) >= KILLS
    print(f"{len(sent.acknowledged)} requests acknowledged, of {len(sent.unknown)} nobody can say")


def _load_and_kill(
    served: Served, sent: Sent, rng: random.Random, within: float, *, stopping: bool
) -> None:
    """Send over both protocols without a pause, until the server is killed."""
    begun = threading.Event()
    turn = threading.Lock()
    senders = [make(to) for make, to in _doors(served)]

    def work(sender: HttpSender | GrpcSender, seed: int) -> None:
        spans = random.Random(seed)
        while True:
            ids = [spans.getrandbits(63) + 1 for _ in range(20)]
            request = body(
                *(span(trace_id=one.to_bytes(16), span_id=one.to_bytes(8)) for one in ids)
            )
            try:
                assert sender(request) == b""
            except (*GONE, RefusedError):  # while it stops, it says so: nothing of it is stored
                with turn:
                    sent.unknown.append(frozenset(ids))
                return
            with turn:
                sent.acknowledged.append(frozenset(ids))
            begun.set()

    def kill() -> None:
        assert begun.wait(60)
        time.sleep(rng.uniform(0, within))
        if stopping:
            served.process.terminate()
            time.sleep(rng.uniform(0, within))
        served.kill()

    seeds = [rng.getrandbits(64) for _ in senders]
    together(
        kill,
        *(lambda s=s, seed=seed: work(s, seed) for s, seed in zip(senders, seeds, strict=True)),
    )
    close_all(senders)


def _doors(served: Served) -> list[tuple[type[HttpSender | GrpcSender], str]]:
    return [(HttpSender, served.http), (GrpcSender, served.grpc)]


def _check(db: Path, sent: Sent | None = None) -> None:
    """What the kill left can be read, every batch has all its rows, and every acknowledged span is
    there, once; of what nobody can say, whole requests or nothing."""
    with Store.open(db) as store:
        assert store.losses() == []
        assert store.missing_rows() == []
        cursor = store.cursor()
        assert cursor.execute("SELECT count(*) FROM store.batch").fetchone() == (
            store.last_batch(),
        )
        if sent is None:
            return
        ids = [row[0] for row in cursor.execute("SELECT span_id FROM store.span").fetchall()]
    stored = set(ids)
    assert len(ids) == len(stored)
    for request in sent.acknowledged:
        assert request <= stored
    for request in sent.unknown:
        assert request <= stored or not request & stored
    known = [*sent.acknowledged, *sent.unknown]
    assert stored <= frozenset[int]().union(*known)


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
