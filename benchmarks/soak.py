"""Whether a collector stays as it is: memory, latency and files over a long while. Prints JSON.

    python benchmarks/soak.py                            30 minutes at 5,000 spans a second
    python benchmarks/soak.py --minutes 480 --rate 20000 --serve "--max-size 5GB --memory 1GB"
    python benchmarks/soak.py --minutes 0.3 --windows 3  to see that it runs

Load and server are those of ``benchmarks/ingest.py``: 500 spans a request with ten attributes each,
acknowledged after they are on disk. The time is cut into windows; after each, what the server's
process holds, what it has used, and its files are read. ``memory.bytes_per_span`` is the slope of
resident memory over the spans taken in the second half, by least squares: what a server would grow
by for ever. Between two checkpoints memory grows with the write-ahead log, up to 256 MiB of it: a
soak has to be long enough for several of them, and the most of each quarter says more than the
slope. The database keeps what it has written in memory: memory grows with the file, unless
``--serve "--memory 1GB"`` bounds that. The analysis is off unless ``--analyse``: what it needs
grows with what is stored.

Give half of the rate that ``benchmarks/ingest.py`` measures on the same machine.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ingest import Load, OwnServer, cpu_seconds, drive


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen at the end of one window, and in it."""

    minutes: float  #: since the start
    spans: int  #: acknowledged since the start
    refused: int  #: requests of this window
    p50_ms: float
    p99_ms: float
    max_ms: float
    memory_mib: float  #: resident
    cpu_seconds: float  #: since the start
    file_mib: float
    log_mib: float  #: the write-ahead log


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def slope(windows: list[Window]) -> float:
    """Bytes of memory for each span, over the second half."""
    half = windows[len(windows) // 2 :]
    if len(half) < 2:
        half = windows[-2:]
    spans = np.array([w.spans for w in half], float)
    memory = np.array([w.memory_mib for w in half]) * 2**20
    return float(np.polyfit(spans - spans.mean(), memory, 1)[0]) if len(half) > 1 else 0.0


def soak(server: OwnServer, load: Load, windows: int) -> list[Window]:
    """Send ``load``, a window at a time."""
    pid = server.process.pid
    began, cpu, spans = time.monotonic(), cpu_seconds(pid), 0
    found: list[Window] = []
    for _ in range(windows):
        sent, _ = drive(load)
        spans += len(sent.latencies) * load.spans
        if not sent.latencies:
            raise SystemExit("nothing was acknowledged")
        p50, p99, most = np.percentile(sent.latencies, [50, 99, 100]) * 1e3
        log = server.db.with_name(server.db.name + ".wal")
        found.append(
            Window(
                minutes=round((time.monotonic() - began) / 60, 2),
                spans=spans,
                refused=sent.refused,
                p50_ms=round(p50, 2),
                p99_ms=round(p99, 2),
                max_ms=round(most, 2),
                memory_mib=round(resident(pid) / 2**20, 1),
                cpu_seconds=round(cpu_seconds(pid) - cpu, 2),
                file_mib=round(server.db.stat().st_size / 2**20, 1),
                log_mib=round(log.stat().st_size / 2**20, 1) if log.exists() else 0.0,
            )
        )
        print(json.dumps(asdict(found[-1])), file=sys.stderr, flush=True)
    return found


def _quarters(found: list[Window]) -> list[list[Window]]:
    edges = [round(len(found) * n / 4) for n in range(5)]
    return [found[a:b] for a, b in itertools.pairwise(edges)]


def _told(arguments: argparse.Namespace, found: list[Window], stored: int) -> dict[str, Any]:
    last, seconds = found[-1], found[-1].minutes * 60
    half = found[len(found) // 2 :]
    return {
        "benchmark": "soak",
        "protocol": arguments.protocol,
        "analysis": bool(arguments.analyse),
        "serve": arguments.serve,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        "minutes": last.minutes,
        "spans": last.spans,
        "stored": stored,
        "refused_requests": sum(w.refused for w in found),
        "spans_per_second": round(last.spans / seconds) if seconds else 0,
        "cpu_us_per_span": round(last.cpu_seconds / last.spans * 1e6, 2),
        "p99_ms": {
            "median_window": round(float(np.median([w.p99_ms for w in found])), 2),
            "worst_window": max(w.p99_ms for w in found),
        },
        "memory": {
            "first_mib": found[0].memory_mib,
            "half_mib": half[0].memory_mib,
            "last_mib": last.memory_mib,
            "most_mib": max(w.memory_mib for w in found),
            "most_by_quarter_mib": [
                max(w.memory_mib for w in part) for part in _quarters(found) if part
            ],
            "bytes_per_span": round(slope(found), 3),
        },
        "windows": [asdict(w) for w in found],
    }


def main() -> None:
    """Soak one server and print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--windows", type=int, default=60, help="that the time is cut into")
    parser.add_argument("--rate", type=float, default=5000.0, help="spans a second")
    parser.add_argument("--spans", type=int, default=500, help="spans a request")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--protocol", choices=("grpc", "http"), default="grpc")
    parser.add_argument("--analyse", action="store_true", help="with the analysis running")
    parser.add_argument("--serve", default="", help="more arguments for tracemap serve")
    parser.add_argument("--folder", type=Path, help="where the database is made")
    arguments = parser.parse_args()
    more = arguments.serve.split()
    if not arguments.analyse:
        more += ["--analyse-every", "off"]
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="soak-") as folder:
        server = OwnServer(Path(folder), *more)
        try:
            load = Load(
                arguments.protocol,
                server.told[arguments.protocol],
                arguments.spans,
                arguments.clients,
                arguments.minutes * 60 / arguments.windows,
                arguments.rate,
            )
            found = soak(server, load, arguments.windows)
        finally:
            server.stop()
        print(json.dumps(_told(arguments, found, _stored(server.db))))


def _stored(db: Path) -> int:
    """Spans in the database, once the server has ended."""
    from tracemap.store import Store

    with Store.open(db, create=False) as store:  # not tracemap.open: that would analyse them
        row = store.cursor().execute("SELECT count(*) FROM store.span").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
