"""Group commit: who is written with whom, who is answered when, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait

import pytest
from otlp_requests import body, span

from tracemap.batch import SPANS, SpanBatch
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.writer import GroupCommit
from tracemap.errors import BusyError, ServerError, StoreError

WAIT = 30  # seconds; only a failing test waits so long


class Disk:
    """A sink whose commits end when they are told to."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.bad: set[str] = set()
        self.error: Exception = ValueError("bad batch")
        self.started = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self, batches: Sequence[SpanBatch]) -> None:
        names = [batch.spans["name"][0].as_py() for batch in batches]
        self.groups.append(names)
        self.started.release()
        assert self.go_on.acquire(timeout=WAIT)
        if self.bad & set(names):
            raise self.error

    def wait_for_a_commit(self) -> None:
        """Until a commit has begun."""
        assert self.started.acquire(timeout=WAIT)

    def let(self, commits: int) -> None:
        """That many commits end."""
        self.go_on.release(commits)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def writer(disk: Disk) -> Iterator[GroupCommit]:
    commit = GroupCommit(disk, max_requests=4, max_bytes=1000)
    yield commit
    disk.let(100)
    assert commit.close(WAIT)


def batch(name: str) -> SpanBatch:
    return decode([body(span(name))])


def finished(*futures: Future[None]) -> None:
    assert not wait(futures, WAIT).not_done


def test_what_arrives_during_a_commit_is_written_together_by_the_next(
    disk: Disk, writer: GroupCommit
) -> None:
    first = writer.submit(batch("a"), 1)
    disk.wait_for_a_commit()
    later = [writer.submit(batch(name), 1) for name in "bcd"]
    disk.let(1)
    disk.wait_for_a_commit()
    assert first.done()
    assert not any(future.done() for future in later), "answered before its commit"
    disk.let(1)
    finished(*later)
    assert disk.groups == [["a"], ["b", "c", "d"]]


def test_an_idle_writer_commits_at_once(disk: Disk, writer: GroupCommit) -> None:
    disk.let(2)
    for name in "ab":
        finished(writer.submit(batch(name), 1))
    assert disk.groups == [["a"], ["b"]]


def test_a_request_without_spans_needs_no_commit(disk: Disk, writer: GroupCommit) -> None:
    assert writer.submit(SpanBatch((), (), (), SPANS.empty_table()), 0).done()
    assert disk.groups == []


def test_a_full_queue_refuses_by_count(disk: Disk, writer: GroupCommit) -> None:
    futures = [writer.submit(batch("a"), 1)]
    disk.wait_for_a_commit()  # being written still counts: it is not answered yet
    futures += [writer.submit(batch("b"), 1) for _ in range(3)]
    with pytest.raises(BusyError, match="4 requests of 4 bytes are waiting to be written"):
        writer.submit(batch("c"), 1)
    disk.let(2)
    finished(*futures)
    disk.let(1)
    finished(writer.submit(batch("d"), 1))
    assert disk.groups == [["a"], ["b"] * 3, ["d"]]


def test_a_full_queue_refuses_by_bytes_but_takes_one_of_any_size(
    disk: Disk, writer: GroupCommit
) -> None:
    large = writer.submit(batch("large"), 5000)
    with pytest.raises(BusyError):
        writer.submit(batch("small"), 1)
    disk.let(1)
    finished(large)


def test_one_bad_batch_does_not_lose_the_others(disk: Disk, writer: GroupCommit) -> None:
    disk.bad = {"c"}
    first = writer.submit(batch("a"), 1)
    disk.wait_for_a_commit()
    futures = {name: writer.submit(batch(name), 1) for name in "bcd"}
    disk.let(10)
    finished(first, *futures.values())
    assert disk.groups == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]
    assert futures["b"].exception() is futures["d"].exception() is None
    assert futures["c"].exception() is disk.error


def test_an_error_of_the_store_reaches_every_sender(disk: Disk, writer: GroupCommit) -> None:
    disk.bad, disk.error = {"a", "b", "c"}, StoreError("the disk is full")
    first = writer.submit(batch("a"), 1)
    disk.wait_for_a_commit()
    futures = [first, *(writer.submit(batch(name), 1) for name in "bc")]
    disk.let(10)
    finished(*futures)
    assert [future.exception() for future in futures] == [disk.error] * 3
    disk.bad = set()
    finished(writer.submit(batch("d"), 1))
    assert disk.groups[-1] == ["d"], "it recovers by itself"


def test_a_sender_that_left_does_not_stop_the_writer(disk: Disk, writer: GroupCommit) -> None:
    first = writer.submit(batch("a"), 1)
    disk.wait_for_a_commit()
    gone, stays = writer.submit(batch("gone"), 1), writer.submit(batch("stays"), 1)
    assert gone.cancel()
    disk.let(2)
    finished(first, stays)
    assert disk.groups == [["a"], ["gone", "stays"]]


def test_closing_writes_what_is_queued_and_takes_nothing_more(disk: Disk) -> None:
    writer = GroupCommit(disk)
    futures = [writer.submit(batch("a"), 1)]
    disk.wait_for_a_commit()
    futures.append(writer.submit(batch("b"), 1))
    assert not writer.close(0.01), "a commit is still running"
    with pytest.raises(ServerError, match="the collector is stopping"):
        writer.submit(batch("c"), 1)
    disk.let(2)
    assert writer.close(WAIT)
    assert all(future.done() for future in futures)
    assert disk.groups == [["a"], ["b"]]
