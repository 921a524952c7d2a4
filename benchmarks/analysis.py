"""How long the analysis takes, and how that grows: one line of JSON.

    python benchmarks/analysis.py [--spans 1000000 3000000 10000000] [--answers]

For each size a generated store (``workload.py``) is written and analysed from nothing in a process
of its own, so that peak memory is the run's own. ``growth`` is seconds of CPU per million spans at
the largest size over that at the smallest: 1.0 is linear. ``parts``: then 10,000 spans more come
in, ten for each of 1,000 executions: the newest ones, and ones from all over the store.
``--answers`` then asks the largest store what a person would (``answers.py``). ``--keep
FOLDER`` leaves the stores there, and ``--memory 3e9`` bounds what the database holds in memory, as
``tracemap serve --memory`` does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import answers
import workload

from tracemap import pipeline
from tracemap.store import Store


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--memory", type=float, help="what DuckDB may hold, in bytes: 3e9")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    memory = int(given.memory) if given.memory else None
    if given.one:
        print(json.dumps(_analyse(given.one, given.spans[0], memory)))
        return
    folder = given.keep or Path(tempfile.mkdtemp(prefix="tracemap-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [_measure(folder, spans, memory) for spans in sorted(given.spans)]
    told = answers.answers(folder / f"{max(given.spans)}.duckdb") if given.answers else None
    cpu = [size["cpu_s_per_million"] for size in sizes]
    print(
        json.dumps(
            {
                "benchmark": "analysis",
                "sizes": sizes,
                "growth": round(cpu[-1] / cpu[0], 2),
                "answers": told,
            }
        )
    )


def _measure(folder: Path, spans: int, memory: int | None) -> dict[str, Any]:
    path = folder / f"{spans}.duckdb"
    if not path.exists():
        with Store.open(path) as store:
            held = workload.Late(frozenset().union(*_late(_executions(spans)).values()))
            for batch in workload.batches(_executions(spans), late=held):
                store.write([batch], source="recorded", kind="recorded")
    command = [sys.executable, __file__, "--one", str(path), "--spans", str(spans)]
    command += ["--memory", str(memory)] if memory else []
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found | {
        "cpu_s_per_million": round(found["cpu_s"] / found["spans"] * 1e6, 2),
        "bytes_per_span": round(path.stat().st_size / found["spans"], 1),
    }


def _executions(spans: int) -> int:
    return spans // workload.SPANS_PER_EXECUTION


def _late(executions: int) -> dict[str, frozenset[int]]:
    """Of which executions ten spans each come in later: 1,000, but a twentieth of all at most."""
    count = min(1_000, executions // 20)
    newest = range(executions - count, executions)
    step = (executions - count) // count
    return {
        "newest": frozenset(newest),
        "scattered": frozenset(range(0, step * count, step)),
    }


def _analyse(path: Path, spans: int, memory: int | None) -> dict[str, Any]:
    with Store.open(path, create=False, memory=memory) as store:
        wall_s, cpu_s = _refresh(store)
        peak = _peak_mib()
        cursor = store.cursor()
        counted = cursor.execute("SELECT spans, executions, findings FROM analysis").fetchone()
        assert counted
        learned = cursor.execute("SELECT learned_ns FROM derived.analysis").fetchone()
        store.checkpoint()
        parts = {}
        for name, executions in _late(_executions(spans)).items():
            late = workload.Late(executions, arrives=True)
            for batch in workload.batches(_executions(spans), late=late):
                store.write([batch], source="recorded", kind="recorded")
            part_wall_s, part_cpu_s = _refresh(store)
            parts[name] = {
                "spans": len(executions) * 10,
                "executions": len(executions),
                "wall_s": round(part_wall_s, 2),
                "cpu_s": round(part_cpu_s, 2),
                # False: it was small, or so much came in, that all was analysed anew.
                "in_part": learned
                == cursor.execute("SELECT learned_ns FROM derived.analysis").fetchone(),
            }
    return {
        "spans": counted[0],
        "executions": counted[1],
        "findings": counted[2],
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "peak_mib": peak,
        "parts": parts,
    }


def _refresh(store: Store) -> tuple[float, float]:
    began, cpu = time.monotonic(), time.process_time()
    pipeline.refresh(store)
    return time.monotonic() - began, time.process_time() - cpu


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
