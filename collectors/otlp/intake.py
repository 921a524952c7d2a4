"""Requests on their way to the disk: decoded together, committed together, answered one by one.

Decoding and committing have a cost for each call beside that for each span, and decoding in many
threads has that of their fight over the interpreter.
So one thread decodes whatever has arrived, as one batch. While the writer commits, requests gather
for the batch after it; only a batch that is full is decoded meanwhile. Senders that were answered
together are about to send again together: as long as they keep coming, within milliseconds of each
other, the next batch waits for as many. Who is alone waits for nobody. What waits does so as bytes,
bounded in number and size, and what is beyond the bounds is refused at once.

Requests of one batch never answer for each other: when a batch cannot be decoded, has spans to
reject or cannot be written, its requests go through one at a time.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from tracemap import tracing
from tracemap.batch import SpanBatch
from tracemap.collectors.otlp import decode, logs, metrics
from tracemap.collectors.otlp.counters import Counters
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, MIB, Limits
from tracemap.collectors.otlp.signals import LOGS, METRICS, SIGNALS, TRACES, Signal
from tracemap.collectors.otlp.writer import GroupCommit
from tracemap.errors import BusyError, ServerError

#: Bytes decoded together at most; a single request may be larger.
_TOGETHER = 4 * MIB
#: Batches between the queue and the disk: one being written, one being decoded or ready.
_AHEAD = 2
#: Seconds within which a further request must come for the next batch to wait on, and how often it
#: may: 20 ms in all, less than a batch of a few requests takes.
_PAUSE_S = 0.005
_PAUSES = 4


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request: how many of its records were not stored, and why."""

    rejected: int = 0
    reasons: tuple[str, ...] = ()
    #: How many were not stored, by kind of reason (``SpanBatch.rejected_for``).
    kinds: Mapping[str, int] = field(default_factory=dict, compare=False)


_NO_METRICS = "tracemap stores traces, and logs that belong to spans; metrics it takes and drops"


def _taken(batch: SpanBatch, signal: Signal, requests: int) -> list[Taken]:
    """What became of each request of a batch; one that rejected something is of one request."""
    reasons = list(batch.reasons)
    if (more := batch.rejected - len(reasons)) > 0:
        reasons.append(f"and {more} more {signal.record}s")
    taken = []
    for n in batch.unrelated or (0,) * requests:
        why = f"{n} log records carry no trace and span id; tracemap stores those that do"
        told = (*reasons, why) if n else tuple(reasons)
        taken.append(Taken(batch.rejected + n, told, {**batch.rejected_for, "unrelated": n}))
    return taken


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    body: bytes
    signal: Signal = TRACES
    done: Future[Taken] = field(default_factory=Future)


class Intake:
    """Decodes requests in a thread of its own and hands them to ``writer``."""

    def __init__(
        self,
        writer: GroupCommit,
        limits: Limits = DEFAULT_LIMITS,
        *,
        counters: Counters | None = None,
    ) -> None:
        self._writer = writer
        self._limits = limits
        #: What was taken and refused since the start.
        self.counters = counters or Counters()
        self._change = threading.Condition()
        self._queues: dict[Signal, deque[_Waiting]] = {signal: deque() for signal in SIGNALS}
        self._alone: deque[_Waiting] = deque()  # to be tried again, each by itself
        self._queued = 0  # bytes in the queues
        self._requests = 0  # not yet answered
        self._bytes = 0
        self._ahead = 0  # batches taken from the queue and not yet committed
        self._expected = 0  # requests at once, when the last batch was answered
        self._gathering = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="tracemap-decoder", daemon=True)
        self._thread.start()

    def submit(self, body: bytes, signal: Signal = TRACES) -> Future[Taken]:
        """Queue a serialised request of ``signal``; the future is done once it is committed.

        The future carries PayloadError, TooLargeError or StoreError. Raises BusyError when too
        much is waiting (a single request is always taken), ServerError once closed.
        """
        waiting = _Waiting(body, signal)
        tracing.request(signal.name, body, waiting.done)
        if not body:
            waiting.done.set_result(Taken())
            return waiting.done
        with self._change:
            if self._closed:
                raise ServerError("the collector is stopping", do="send the request again later")
            if self._requests and (
                self._requests >= self._limits.waiting_requests
                or self._bytes + len(body) > self._limits.waiting_bytes
            ):
                raise BusyError(
                    f"{self._requests} requests of {self._bytes} bytes are waiting to be written",
                    do="send the request again in a second",
                )
            self._queues[signal].append(waiting)
            self._queued += len(body)
            self._requests += 1
            self._bytes += len(body)
            self._tell()
        return waiting.done

    @property
    def waiting(self) -> int:
        """Requests that are not answered yet."""
        return self._requests

    @property
    def waiting_bytes(self) -> int:
        """Bytes of those requests, decompressed."""
        return self._bytes

    def close(self, timeout: float | None = None) -> bool:
        """Take nothing more, answer what is queued, stop. False when ``timeout`` s passed."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while group := self._next_group():
            self._hand_over(group)

    def _is_due(self) -> bool:
        """Whether the decoder has something to do: a batch, or to end."""
        if self._ahead:
            return self._ahead < _AHEAD and self._queued >= _TOGETHER
        if self._gathering:
            return self._closed or self._requests >= self._expected or self._queued >= _TOGETHER
        return bool(self._queued or self._alone) or (self._closed and not self._requests)

    def _tell(self) -> None:
        """Wake the decoder, but not for nothing."""
        if self._is_due():
            self._change.notify()

    def _next_group(self) -> list[_Waiting]:
        """What is decoded next, waiting for it if need be; nothing once closed and answered."""
        with self._change:
            self._change.wait_for(self._is_due)
            if not self._ahead and not self._alone:
                self._gather()
            if self._alone:
                self._ahead += 1
                return [self._alone.popleft()]
            group: list[_Waiting] = []
            size = 0
            queue = self._turn()
            while queue and (not group or size + len(queue[0].body) <= _TOGETHER):
                group.append(queue.popleft())
                size += len(group[-1].body)
            self._queued -= size
            self._ahead += bool(group)
        for waiting in group:
            # From here on it cannot be cancelled. If it was, its sender left: it is written still.
            waiting.done.set_running_or_notify_cancel()
        return group

    def _gather(self) -> None:
        """Wait for as many requests as there were when the last batch was answered."""
        self._gathering = True
        for _ in range(_PAUSES):
            before = self._requests
            if self._change.wait_for(self._is_due, _PAUSE_S) or self._requests == before:
                break
        self._gathering = False

    def _turn(self) -> deque[_Waiting]:
        """The queue that is next: the signals take turns, so that none waits for all of another."""
        signal = next((signal for signal, queue in self._queues.items() if queue), TRACES)
        queue = self._queues.pop(signal)
        self._queues[signal] = queue
        return queue

    def _hand_over(self, group: list[_Waiting]) -> None:
        """Decode ``group``, which is of one signal, as one batch and give it to the writer."""
        signal = group[0].signal
        try:
            if signal is METRICS:
                self._count(group)
                return
            batch = self._decode([waiting.body for waiting in group], signal)
            if batch.reasons and len(group) > 1:
                self._again(group)  # each is told of its own spans
                return
            written = self._writer.submit(batch, sum(len(waiting.body) for waiting in group))
        except Exception as error:  # noqa: BLE001 - whatever it is, its senders must hear of it
            self._failed(group, error)
            return
        taken = _taken(batch, signal, len(group))
        written.add_done_callback(partial(self._written, group, batch.rows, taken))

    def _decode(self, bodies: list[bytes], signal: Signal) -> SpanBatch:
        if signal is LOGS:
            return logs.decode(bodies, limits=self._limits)
        return decode.decode(bodies, limits=self._limits)

    def _count(self, group: list[_Waiting]) -> None:
        """Answer requests of metrics: nothing of them is written."""
        counts = [metrics.data_points(waiting.body, limits=self._limits) for waiting in group]
        taken = [Taken(n, (_NO_METRICS,) if n else (), {"metric": n}) for n in counts]
        self._answer(group, 0, taken)

    def _written(
        self, group: list[_Waiting], stored: int, taken: list[Taken], written: Future[None]
    ) -> None:
        error = written.exception()
        if error is not None:
            self._failed(group, error)
            return
        self._answer(group, stored, taken)

    def _answer(self, group: list[_Waiting], stored: int, taken: list[Taken]) -> None:
        rejected: Counter[str] = Counter()
        for one in taken:
            rejected.update(one.kinds)
        self.counters.records(group[0].signal.name, stored, rejected)
        for waiting, one in zip(group, taken, strict=True):
            if not waiting.done.cancelled():
                waiting.done.set_result(one)
        self._answered(group)

    def _failed(self, group: list[_Waiting], error: BaseException) -> None:
        if len(group) > 1:
            # One of them may be at fault on its own account: the others must not be lost.
            self._again(group)
            return
        if not group[0].done.cancelled():
            group[0].done.set_exception(error)
        self._answered(group)

    def _again(self, group: list[_Waiting]) -> None:
        with self._change:
            self._ahead -= 1
            self._alone.extend(group)
            self._tell()

    def _answered(self, group: list[_Waiting]) -> None:
        with self._change:
            self._ahead -= 1
            self._expected = self._requests
            self._requests -= len(group)
            self._bytes -= sum(len(waiting.body) for waiting in group)
            self._tell()
