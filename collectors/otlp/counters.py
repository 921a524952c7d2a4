"""What the receivers count of themselves, for whoever watches them. Numbers only ever grow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Upper bounds, in seconds, of the classes in which commits are counted.
COMMIT_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: The HTTP status that a failure is or would be -> why a request was refused.
_REASONS: Final = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_otlp",
    405: "not_otlp",
    408: "too_slow",
    413: "too_large",
    415: "not_otlp",
    429: "busy",
    431: "too_large",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The counters at one moment."""

    #: (protocol "grpc" | "http", result): requests answered; a result is "ok" or why not.
    requests: dict[tuple[str, str], int]
    #: protocol: bytes of request bodies as they came.
    request_bytes: dict[str, int]
    #: signal ("traces", "logs", "metrics"): spans, log records, data points that were stored ...
    accepted: dict[str, int]
    #: ... and that were not, of requests that were taken, by (signal, kind of reason).
    rejected: dict[tuple[str, str], int]
    #: Commits that took at most COMMIT_SECONDS[i] and longer than the bound before; the last is
    #: for all that took longer.
    commits: tuple[int, ...]
    commit_seconds: float
    commits_failed: int


class Counters:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._bytes: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._rejected: Counter[tuple[str, str]] = Counter()
        self._commits = [0] * (len(COMMIT_SECONDS) + 1)
        self._commit_seconds = 0.0
        self._commits_failed = 0

    def received(self, protocol: str, size: int) -> None:
        """The body of a request arrived, of ``size`` bytes."""
        with self._lock:
            self._bytes[protocol] += size

    def answered(self, protocol: str, status: int) -> None:
        """A request was answered with an HTTP status, or gRPC's for the same thing."""
        result = "ok" if status == 200 else _REASONS.get(status, "failed")
        with self._lock:
            self._requests[protocol, result] += 1

    def records(self, signal: str, accepted: int, rejected: Mapping[str, int]) -> None:
        """Spans, log records or data points were stored, and others of their requests were not, for
        reasons of these kinds."""
        with self._lock:
            self._accepted[signal] += accepted
            for kind, count in rejected.items():
                self._rejected[signal, kind] += count

    def commit(self, seconds: float) -> None:
        """A commit took so long."""
        place = sum(seconds > bound for bound in COMMIT_SECONDS)
        with self._lock:
            self._commits[place] += 1
            self._commit_seconds += seconds

    def commit_failed(self) -> None:
        """A commit failed; its requests were not acknowledged."""
        with self._lock:
            self._commits_failed += 1

    def now(self) -> Counts:
        """All of them at this moment."""
        with self._lock:
            return Counts(
                dict(self._requests),
                dict(self._bytes),
                dict(self._accepted),
                dict(self._rejected),
                tuple(self._commits),
                self._commit_seconds,
                self._commits_failed,
            )
