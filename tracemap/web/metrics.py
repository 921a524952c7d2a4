"""``/metrics``: what a server counts and holds, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tracemap import __version__, queries
from tracemap.collectors.otlp.counters import COMMIT_SECONDS, Counts
from tracemap.collectors.otlp.receivers import Receivers
from tracemap.store import Store

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Labels and the value of one sample.
_Sample = tuple[str, float]


class Metrics:
    """The metrics of a server whose receivers write to ``store``."""

    def __init__(self, store: Store, receivers: Receivers) -> None:
        self._store = store
        self._receivers = receivers
        self._started = time.time()

    def text(self) -> str:
        """All metrics at this moment. Reads the store; raises StoreError or duckdb.Error."""
        return "".join(self._families())

    def _families(self) -> Iterator[str]:
        yield _family(
            "tracemap_build_info",
            "gauge",
            "1, with the version as a label.",
            [(f'{{version="{__version__}"}}', 1)],
        )
        yield from _received(self._receivers.counters.now())
        yield _one(
            "tracemap_queue_requests",
            "gauge",
            "Requests received and not answered yet.",
            self._receivers.waiting,
        )
        yield _one(
            "tracemap_queue_bytes",
            "gauge",
            "Bytes of those requests, decompressed.",
            self._receivers.waiting_bytes,
        )
        if (tls := self._receivers.access.tls) is not None:
            yield _one(
                "tracemap_tls_certificate_expiry_timestamp_seconds",
                "gauge",
                "When the certificate expires, in seconds since the Unix epoch.",
                tls.loaded().expires.timestamp(),
            )
        yield from self._stored()
        yield from _process(self._started)

    def _stored(self) -> Iterator[str]:
        path = self._store.path
        yield _one("tracemap_database_bytes", "gauge", "Size of the database file.", _size(path))
        yield _one(
            "tracemap_wal_bytes",
            "gauge",
            "Size of the write-ahead log beside it.",
            _size(path.with_name(path.name + ".wal")),
        )
        cursor = self._store.cursor()
        try:
            built = took = 0
            if (cursor.execute(queries.text("store/has_analysis")).fetchone() or (False,))[0]:
                row = cursor.execute(queries.text("store/last_analysis")).fetchone()
                built, took = (row[0], row[2]) if row else (0, 0)
            found = cursor.execute(queries.text("store/activity"), {"built_ns": built}).fetchone()
        finally:
            cursor.close()
        assert found is not None
        spans, links, events, logs, batches, unread = found
        rows = {"span": spans, "link": links, "event": events, "log": logs, "batch": batches}
        yield _family(
            "tracemap_rows",
            "gauge",
            "Rows stored, copies of a span included.",
            [(f'{{table="{name}"}}', count) for name, count in rows.items()],
        )
        yield _one(
            "tracemap_analysis_lag_seconds",
            "gauge",
            "Age of the oldest batch that no analysis has read; 0 when all are read.",
            0 if unread is None else max(0.0, (time.time_ns() - unread) / 1e9),
        )
        yield _one(
            "tracemap_analysis_duration_seconds",
            "gauge",
            "What the last analysis took.",
            took / 1e9,
        )


def _reasons(counts: Counts, signal: str, kinds: Sequence[str]) -> list[_Sample]:
    """A sample for each kind of reason, also where there was none yet: rates need a beginning."""
    return [(f'{{reason="{kind}"}}', counts.rejected.get((signal, kind), 0)) for kind in kinds]


def _received(counts: Counts) -> Iterator[str]:
    yield _family(
        "tracemap_requests_total",
        "counter",
        "OTLP requests answered, by protocol; the result is ok, or why it was refused.",
        [
            (f'{{protocol="{protocol}",result="{result}"}}', count)
            for (protocol, result), count in sorted(counts.requests.items())
        ],
    )
    yield _family(
        "tracemap_request_bytes_total",
        "counter",
        "Bytes of request bodies; over HTTP as they came, over gRPC decompressed.",
        [(f'{{protocol="{p}"}}', count) for p, count in sorted(counts.request_bytes.items())],
    )
    yield _one(
        "tracemap_spans_accepted_total",
        "counter",
        "Spans committed to the database.",
        counts.accepted.get("traces", 0),
    )
    yield _family(
        "tracemap_spans_rejected_total",
        "counter",
        "Spans that could not be stored, of requests whose other spans were: for a wrong id, a text"
        " that is too long, a value that is broken or too large.",
        _reasons(counts, "traces", ("id", "text", "value")),
    )
    yield _one(
        "tracemap_log_records_accepted_total",
        "counter",
        "Log records of spans committed to the database.",
        counts.accepted.get("logs", 0),
    )
    yield _family(
        "tracemap_log_records_rejected_total",
        "counter",
        "Log records that were not stored: unrelated to a span, or with a value as of a span.",
        _reasons(counts, "logs", ("unrelated", "value")),
    )
    yield _one(
        "tracemap_data_points_rejected_total",
        "counter",
        "Data points of metrics, which are taken and not stored.",
        counts.rejected.get(("metrics", "metric"), 0),
    )
    yield _histogram(
        "tracemap_commit_seconds",
        "What a commit to the disk took.",
        counts.commits,
        counts.commit_seconds,
    )
    yield _one(
        "tracemap_commits_failed_total",
        "counter",
        "Commits that failed; nothing of them was acknowledged.",
        counts.commits_failed,
    )


def _process(started: float) -> Iterator[str]:
    """What every Prometheus client tells, under the names that dashboards know."""
    yield _one("process_cpu_seconds_total", "counter", "User and system time.", time.process_time())
    yield _one("process_start_time_seconds", "gauge", "When the server was made.", started)
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                resident = int(line.split()[1]) * 1024
                yield _one("process_resident_memory_bytes", "gauge", "Resident memory.", resident)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _one(name: str, kind: str, text: str, value: float) -> str:
    return _family(name, kind, text, [("", value)])


def _family(name: str, kind: str, text: str, samples: Sequence[_Sample]) -> str:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{labels} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _histogram(name: str, text: str, classes: Sequence[int], total: float) -> str:
    """Prometheus wants each class to include the smaller ones."""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} histogram"]
    reached = 0
    for bound, count in zip((*map(_number, COMMIT_SECONDS), "+Inf"), classes, strict=True):
        reached += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {reached}')
    lines += [f"{name}_sum {_number(total)}", f"{name}_count {reached}"]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
