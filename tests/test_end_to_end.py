"""The whole job through the real command: spans in over the network, answers out, a restart."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from load.orders import SECOND, Load, load
from load.senders import GrpcSender, HttpSender, close_all, send_all, together
from load.serving import Served, command, serving

import tracemap
from tracemap import pipeline
from tracemap.api import Tracemap
from tracemap.errors import NotFoundError
from tracemap.local import LocalBackend
from tracemap.store import Store

#: 100,000 spans and a few. By hand, for a longer run: TRACEMAP_TEST_ORDERS=50000 make test
ORDERS = int(os.environ.get("TRACEMAP_TEST_ORDERS", "5020"))
#: The load comes in so many waves, and between two of them every reader has had an answer.
WAVES = 4

COUNT = "SELECT count(*) AS spans, count(DISTINCT (trace_id, span_id)) AS ids FROM spans"
#: Findings whose execution is not among the executions: of one moment there are none.
STRAYS = """
    SELECT count(*) AS strays FROM findings AS f ANTI JOIN executions AS e USING (execution)
    WHERE f.execution IS NOT NULL AND f.status IN ('new', 'ongoing')
"""


# --- 100,000 spans, three readers, a restart ------------------------------------------------------


class Progress:
    """How many spans have been acknowledged, and what the readers have seen of them."""

    def __init__(self, readers: int) -> None:
        self.acknowledged = 0
        self.over = False
        self._answers = [0] * readers
        self._change = threading.Condition()

    def answered(self, reader: int) -> None:
        with self._change:
            self._answers[reader] += 1
            self._change.notify_all()

    def wait_for_readers(self) -> None:
        """Return once each reader has had one more answer. Raises AssertionError when one died."""
        with self._change:
            wanted = [answers + 1 for answers in self._answers]
            done = self._change.wait_for(
                lambda: (
                    self.over or all(now >= w for now, w in zip(self._answers, wanted, strict=True))
                ),
                timeout=120,
            )
        assert done, "a reader has no answer"

    @property
    def answers(self) -> list[int]:
        return list(self._answers)


class Reader:
    """Asks until the load is over; every answer must fit what is known at that moment."""

    def __init__(self, db: Path, number: int, progress: Progress, ask: Ask) -> None:
        self._db = db
        self._number = number
        self._progress = progress
        self._ask = ask
        self._seen = 0

    def __call__(self) -> None:
        try:
            with tracemap.open(self._db) as opened:
                while not self._progress.over:
                    acknowledged = self._progress.acknowledged
                    seen = self._ask(opened)
                    if seen is not None:
                        # What was acknowledged before the question is in the answer, and stays.
                        assert seen >= max(self._seen, acknowledged)
                        self._seen = seen
                    self._progress.answered(self._number)
        except BaseException:
            self._progress.over = True
            raise


#: Asks something; returns how many spans the answer was made of, where it says so.
Ask = Callable[[Tracemap], int | None]


def ask_sql(opened: Tracemap) -> int:
    """Counts, and one statement over two views that must be of one moment."""
    assert opened.sql(STRAYS)["strays"].item() == 0
    ((spans, ids),) = opened.sql(COUNT).rows()
    assert spans == ids
    return int(spans)


def ask_executions(opened: Tracemap) -> int:
    """The newest executions, and one of them whole."""
    frame = opened.executions(limit=100)
    if not frame.is_empty():
        name = frame["execution"][0]
        try:
            whole = opened.execution(name)
        except NotFoundError:
            # Named after its trace as long as the spans with its key were on their way.
            assert name.startswith("trace:")
        else:
            assert set(whole["steps"]["execution"]) == {name}
    return int(opened.analysis()["spans"].item())


def ask_findings(opened: Tracemap) -> None:
    """Findings, and their executions."""
    found = opened.findings()
    assert found["id"].is_unique().all()
    assert set(found["rule"]) <= {"ORP001", "ORP002", "ORP004", "DUP001", "STL001", "STL002"}
    opened.custody(limit=50)


@pytest.mark.slow
def test_the_same_findings_after_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "shop.duckdb"
    # Two hours ago: whatever has a deadline is past it, so that nothing changes with the clock.
    sent = load(ORDERS, begin_ns=time.time_ns() - 7200 * SECOND - ORDERS * SECOND // 50)
    assert ORDERS < 5020 or sent.spans >= 100_000
    with serving(db) as served:
        measured = _load_with_readers(served, sent)
        sys.stdout.write(f"{measured}\n")  # pytest -s shows what the load cost
        with tracemap.open(db) as opened:
            before = facts(opened)
        told = json.loads(command("findings", "--db", db, "--format", "json").stdout)
        assert {finding["id"] for finding in told} == set(before["findings"])
        served.stop()
    assert not served.socket.exists()
    # Exactly the faults that were put in.
    assert {(f["rule"], f["correlation"]["value"]) for f in before["findings"].values()} == (
        sent.faults
    )
    assert before["spans"] == sent.spans
    assert sum(before["executions"].values()) == sent.orders

    with Store.open(db) as store:
        assert store.missing_rows() == []
    with tracemap.open(db) as opened:
        assert isinstance(opened.backend, LocalBackend)
        assert facts(opened) == before
        # Not only kept: made anew from the spans alone.
        assert pipeline.refresh(opened.backend.store, now_ns=time.time_ns())
        assert facts(opened) == before
    with serving(db) as served, tracemap.open(db) as opened:
        assert not isinstance(opened.backend, LocalBackend)
        assert facts(opened) == before
        served.stop()


def _load_with_readers(served: Served, sent: Load) -> dict[str, float]:
    """Send everything in waves while three readers ask. Returns what it cost."""
    asks: list[Ask] = [ask_sql, ask_executions, ask_findings]
    progress = Progress(len(asks))
    senders = [sender(to) for sender, to in _destinations(served) for _ in range(3)]
    wave = -(-len(sent.requests) // WAVES)
    cpu, began = served.cpu(), time.monotonic()

    def send() -> None:
        try:
            for first in range(0, len(sent.requests), wave):
                progress.wait_for_readers()
                some = sent.requests[first : first + wave]
                send_all(some, senders)
                progress.acknowledged += sum(request.spans for request in some)
            progress.wait_for_readers()
        finally:
            progress.over = True

    together(send, *(Reader(served.db, n, progress, ask) for n, ask in enumerate(asks)))
    took, used = time.monotonic() - began, served.cpu() - cpu
    close_all(senders)
    assert progress.acknowledged == sent.spans
    assert min(progress.answers) > WAVES
    return {
        "spans": sent.spans,
        "seconds": round(took, 2),
        "server_cpu_us_per_span": round(used / sent.spans * 1e6, 1),
        "server_peak_mib": served.memory() >> 20,
        "answers": sum(progress.answers),
    }


def _destinations(served: Served) -> list[tuple[Callable[[str], Any], str]]:
    return [(HttpSender, served.http), (GrpcSender, served.grpc)]


def facts(opened: Tracemap) -> dict[str, Any]:
    """What a restart must not change: everything but what is measured from now."""
    findings = {}
    for finding in opened.findings().to_dicts():
        del finding["last_seen"]  # a live source is known up to now
        evidence = json.loads(finding.pop("evidence"))
        evidence.pop("waited_ns", None)
        findings[finding.pop("id")] = {**finding, "evidence": evidence}
    ((spans, ids),) = opened.sql(COUNT).rows()
    assert spans == ids
    totals = opened.execution_totals().to_dicts()
    return {
        "findings": findings,
        "spans": spans,
        "executions": {total["status"]: total["executions"] for total in totals},
        "keys": opened.keys().filter(pl.col("chosen")).select("name", "values_seen").to_dicts(),
    }
