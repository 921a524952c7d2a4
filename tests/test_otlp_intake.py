"""The intake: who is decoded with whom, and that nobody answers for somebody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait

import pytest
from otlp_requests import body, span

from tracemap.batch import SpanBatch
from tracemap.collectors.otlp import intake as module
from tracemap.collectors.otlp.intake import Intake, Taken
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.signals import TRACES
from tracemap.collectors.otlp.writer import GroupCommit
from tracemap.errors import BusyError, PayloadError, ServerError, StoreError

WAIT = 30  # seconds; only a failing test waits so long


class Disk:
    """A sink whose commits end when they are told to; ``bad`` names fail."""

    def __init__(self) -> None:
        self.commits: list[list[list[str]]] = []
        self.bad: set[str] = set()
        self.started = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self, batches: Sequence[SpanBatch]) -> None:
        names = [batch.spans["name"].to_pylist() for batch in batches]
        self.commits.append(names)
        self.started.release()
        assert self.go_on.acquire(timeout=WAIT)
        if self.bad & {name for batch in names for name in batch}:
            raise StoreError("bad span")

    def wait_for_a_commit(self) -> None:
        assert self.started.acquire(timeout=WAIT)

    @property
    def stored(self) -> list[str]:
        """Names of all spans in commits that did not fail, in order."""
        good = [
            [name for batch in commit for name in batch]
            for commit in self.commits
            if not self.bad & {name for batch in commit for name in batch}
        ]
        return [name for commit in good for name in commit]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def intake(disk: Disk) -> Iterator[Intake]:
    writer = GroupCommit(disk)
    made = Intake(writer, Limits(waiting_requests=8, waiting_bytes=100_000))
    yield made
    disk.go_on.release(1000)
    assert made.close(WAIT)
    assert writer.close(WAIT)


def fill(disk: Disk, intake: Intake) -> list[Future[Taken]]:
    """One request being written: what comes now is decoded together after it."""
    first = intake.submit(body(span("first")))
    disk.wait_for_a_commit()
    return [first]


def results(futures: Sequence[Future[Taken]]) -> list[Taken | str]:
    """The answer of each, or its error's class."""
    assert not wait(futures, WAIT).not_done
    return [
        future.result() if future.exception() is None else type(future.exception()).__name__
        for future in futures
    ]


def test_what_arrives_during_a_commit_is_one_batch_of_the_next(disk: Disk, intake: Intake) -> None:
    early = fill(disk, intake)
    later = [intake.submit(body(span(name))) for name in "abc"]
    assert not any(future.done() for future in [*early, *later]), "answered before its commit"
    disk.go_on.release(100)
    assert results([*early, *later]) == [Taken()] * 4
    assert disk.commits == [[["first"]], [["a", "b", "c"]]]
    assert (intake.waiting, intake.waiting_bytes) == (0, 0)


def test_a_full_batch_is_decoded_while_the_one_before_is_written(
    disk: Disk, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = fill(disk, intake)
    a, b, c, d = (body(span(name)) for name in "abcd")
    monkeypatch.setattr(module, "_TOGETHER", len(a + b))
    later = [intake.submit(a)]
    assert intake._queues[TRACES], "it may still grow"
    later.append(intake.submit(b))
    while intake._queues[TRACES]:
        threading.Event().wait(0.001)
    later += [intake.submit(c), intake.submit(d)]
    assert len(intake._queues[TRACES]) == 2, "only one batch waits decoded"
    disk.go_on.release(100)
    assert results([*early, *later]) == [Taken()] * 5
    # The last two are one commit where the second was decoded before the writer came for the first.
    assert disk.commits[0] == [["first"]]
    assert [batch for commit in disk.commits for batch in commit][1:] == [["a", "b"], ["c", "d"]]


def test_senders_that_come_again_together_share_a_commit(
    disk: Disk, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = fill(disk, intake)
    early += [intake.submit(body(span(name))) for name in "abc"]
    disk.go_on.release(1)
    disk.wait_for_a_commit()  # of a, b and c; the first is answered
    monkeypatch.setattr(module, "_PAUSE_S", WAIT)
    disk.go_on.release(100)
    assert results(early) == [Taken()] * 4
    later = [intake.submit(body(span(name))) for name in "de"]
    threading.Event().wait(0.05)
    assert disk.commits[-1] == [["a", "b", "c"]], "a third sender was there and may come again"
    later.append(intake.submit(body(span("f"))))
    assert results(later) == [Taken()] * 3
    assert disk.commits[-1] == [["d", "e", "f"]]


def test_nobody_waits_long_for_a_sender_that_stays_away(disk: Disk, intake: Intake) -> None:
    early = fill(disk, intake)
    early += [intake.submit(body(span(name))) for name in "abc"]
    disk.go_on.release(100)
    assert results(early) == [Taken()] * 4
    assert results([intake.submit(body(span("d")))]) == [Taken()]
    assert disk.commits[-1] == [["d"]]


def test_a_sender_that_is_alone_waits_for_nobody(
    disk: Disk, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 2 * WAIT)
    disk.go_on.release(100)
    for name in "abc":
        assert results([intake.submit(body(span(name)))]) == [Taken()]


def test_closing_does_not_wait_for_senders(
    disk: Disk, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = fill(disk, intake)
    early += [intake.submit(body(span(name))) for name in "ab"]
    disk.go_on.release(1)
    disk.wait_for_a_commit()
    monkeypatch.setattr(module, "_PAUSE_S", 2 * WAIT)
    disk.go_on.release(100)
    assert results(early) == [Taken()] * 3
    last = intake.submit(body(span("last")))
    assert intake.close(WAIT)
    assert results([last]) == [Taken()]


def test_each_request_is_told_of_its_own_spans(disk: Disk, intake: Intake) -> None:
    fill(disk, intake)
    later = [
        intake.submit(body(span("a"))),
        intake.submit(body(span("b"), span("broken", trace_id=b"short"))),
        intake.submit(b"\xff\xff"),
        intake.submit(body(span("c"))),
    ]
    disk.go_on.release(100)
    first, second, third, fourth = results(later)
    assert first == fourth == Taken()
    assert third == PayloadError.__name__
    assert isinstance(second, Taken)
    assert second.rejected == 1
    assert second.reasons[0].startswith('span 2 of 2 ("broken")')
    assert sorted(disk.stored) == ["a", "b", "c", "first"]


def test_one_that_cannot_be_written_takes_nobody_with_it(disk: Disk, intake: Intake) -> None:
    disk.bad = {"b"}
    early = fill(disk, intake)
    later = [intake.submit(body(span(name))) for name in "abc"]
    disk.go_on.release(100)
    assert results([*early, *later]) == [Taken(), Taken(), StoreError.__name__, Taken()]
    assert sorted(disk.stored) == ["a", "c", "first"]


def test_what_waits_is_bounded_in_number_and_bytes(disk: Disk, intake: Intake) -> None:
    waiting = fill(disk, intake) + [intake.submit(body(span("x"))) for _ in range(7)]
    with pytest.raises(BusyError, match="8 requests"):
        intake.submit(body(span("one too many")))
    disk.go_on.release(100)
    assert results(waiting) == [Taken()] * 8
    large = body(span("y" * 60_000))
    disk.go_on.acquire(timeout=WAIT)
    while disk.go_on.acquire(blocking=False):
        pass
    held = intake.submit(large)
    with pytest.raises(BusyError):
        intake.submit(large)
    disk.go_on.release(100)
    assert results([held]) == [Taken()]


def test_a_request_larger_than_the_bound_is_taken_alone(disk: Disk, intake: Intake) -> None:
    disk.go_on.release(100)
    assert results([intake.submit(body(span("z" * 200_000)))]) == [Taken()]


def test_a_sender_that_leaves_loses_nothing(disk: Disk, intake: Intake) -> None:
    early = fill(disk, intake)
    gone = intake.submit(body(span("gone")))
    assert gone.cancel()
    stays = intake.submit(body(span("stays")))
    disk.go_on.release(100)
    assert results([*early, stays]) == [Taken()] * 2
    assert "gone" in disk.stored


def test_closing_answers_what_is_queued_and_takes_no_more(disk: Disk) -> None:
    writer = GroupCommit(disk)
    intake = Intake(writer)
    early = fill(disk, intake)
    disk.bad = {"b"}
    later = [intake.submit(body(span(name))) for name in "ab"]
    assert not intake.close(0.01)
    with pytest.raises(ServerError, match="stopping"):
        intake.submit(body(span("late")))
    disk.go_on.release(100)
    assert intake.close(WAIT)
    assert results([*early, *later]) == [Taken(), Taken(), StoreError.__name__]
    assert writer.close(WAIT)


def test_an_empty_request_is_answered_at_once(intake: Intake) -> None:
    assert intake.submit(b"").result(0) == Taken()
