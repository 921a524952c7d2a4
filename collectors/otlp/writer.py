"""Group commit: what arrives while one commit runs is written by the next, and answered after it.

DuckDB syncs the disk once a commit and groups nothing itself (design section 4). So one thread
writes, and waits for nothing: an idle collector commits a request at once, a busy one commits many
together. What may wait is bounded in requests and bytes; beyond that a request is refused at once
and nothing is dropped in silence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from tracemap import tracing
from tracemap.batch import SpanBatch
from tracemap.collectors.otlp.counters import Counters
from tracemap.collectors.otlp.limits import MIB
from tracemap.errors import BusyError, ServerError

#: Writes batches in one transaction and returns once they are on disk, as ``Store.write`` does.
Sink = Callable[[Sequence[SpanBatch]], object]


@dataclass(frozen=True, slots=True)
class _Waiting:
    batch: SpanBatch
    size: int
    done: Future[None]


class GroupCommit:
    """Writes batches through ``sink`` from one thread of its own."""

    def __init__(
        self,
        sink: Sink,
        *,
        max_requests: int = 1024,
        max_bytes: int = 256 * MIB,
        counters: Counters | None = None,
    ) -> None:
        self._sink = sink
        self._counters = counters or Counters()
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._change = threading.Condition()
        self._queue: list[_Waiting] = []
        self._requests = 0  # queued or being written
        self._bytes = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="tracemap-writer", daemon=True)
        self._thread.start()

    def submit(self, batch: SpanBatch, size: int) -> Future[None]:
        """Queue a batch that weighs ``size`` bytes; the future is done once it is committed.

        The future carries the error when the batch could not be written. Raises BusyError when too
        much is waiting (a single batch is always taken), ServerError once closed.
        """
        done: Future[None] = Future()
        if not batch.rows:
            done.set_result(None)
            return done
        with self._change:
            if self._closed:
                raise ServerError("the collector is stopping", do="send the request again later")
            if self._requests and (
                self._requests >= self._max_requests or self._bytes + size > self._max_bytes
            ):
                raise BusyError(
                    f"{self._requests} requests of {self._bytes} bytes are waiting to be written",
                    do="send the request again in a second",
                )
            self._queue.append(_Waiting(batch, size, done))
            self._requests += 1
            self._bytes += size
            self._change.notify()
        return done

    @property
    def waiting(self) -> int:
        """Requests queued or being written."""
        return self._requests

    def close(self, timeout: float | None = None) -> bool:
        """Take nothing more, write what is queued, stop. False when ``timeout`` seconds passed."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while group := self._next_group():
            self._write(group)
            with self._change:
                self._requests -= len(group)
                self._bytes -= sum(waiting.size for waiting in group)

    def _next_group(self) -> list[_Waiting]:
        """Everything queued, waiting for something if need be; nothing once closed and empty."""
        with self._change:
            while not self._queue and not self._closed:
                self._change.wait()
            group, self._queue = self._queue, []
        for waiting in group:
            # From here on it cannot be cancelled. If it was, its sender left: it is written still.
            waiting.done.set_running_or_notify_cancel()
        return group

    def _write(self, group: list[_Waiting]) -> None:
        began = time.monotonic()
        try:
            batches = [waiting.batch for waiting in group]
            with _span(batches):
                self._sink(batches)
        except Exception as error:  # noqa: BLE001 - whatever it is, its senders must hear of it
            self._counters.commit_failed()
            if len(group) == 1:
                if not group[0].done.cancelled():
                    group[0].done.set_exception(error)
                return
            # One of them may be at fault on its own account: the others must not be lost.
            for waiting in group:
                self._write([waiting])
            return
        self._counters.commit(time.monotonic() - began)
        for waiting in group:
            if not waiting.done.cancelled():
                waiting.done.set_result(None)


def _span(batches: Sequence[SpanBatch]) -> AbstractContextManager[Any]:
    """A span of our own around a commit, but around one of such spans."""
    if tracing.only_own(batches):
        return nullcontext()
    return tracing.span("commit", batches=len(batches), rows=sum(batch.rows for batch in batches))
