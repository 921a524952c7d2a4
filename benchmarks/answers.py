"""How long a person waits for an answer, and what that costs; prints one line of JSON.

    python benchmarks/answers.py [--spans 3000 1000000] [--db FILE ...]

For a generated store of each size (``workload.py``), or for the files given, each command is run
warm in a process of its own: the median of its wall time and the least of its CPU time, in seconds.
``loaded`` are the libraries among the heavy ones that a command imports: what only reads needs
DuckDB alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import workload

import tracemap
from tracemap.store import Store

#: ``{id}`` is the execution seen last.
COMMANDS: Final = (
    ("executions", "list", "--limit", "20"),
    ("findings",),
    ("custody",),
    ("custody", "{id}"),
    ("custody", "{id}", "--chain"),
    ("executions", "show", "{id}"),
    ("explain", "{id}"),
    ("messages", "{id}"),
    ("graph",),
    ("keys",),
    ("owners", "list"),
    ("query", "run", "slowest_handoffs"),
    ("sql", "SELECT count(*) FROM spans"),
)
HEAVY: Final = (
    "duckdb",
    "numpy",
    "pyarrow",
    "polars",
    "httpx",
    "opentelemetry.sdk",
    "yaml",
    "grpc",
)
RUNS: Final = 5

_PROBE: Final = """
import json, sys
from tracemap.cli.app import app
app(json.loads(sys.argv[1]), standalone_mode=False)
print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))
"""


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, nargs="+", default=[3_000, 1_000_000])
    parser.add_argument("--db", type=Path, nargs="+", help="stores to ask in their place")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracemap-benchmark-") as folder:
        stores = given.db or [_generated(Path(folder), spans) for spans in sorted(given.spans)]
        found = [{"store": path.name, **_size(path), "answers": answers(path)} for path in stores]
    print(json.dumps({"benchmark": "answers", "runs": RUNS, "stores": found}))


def answers(path: Path) -> dict[str, dict[str, Any]]:
    """Each command: ``wall_s``, ``cpu_s``, ``loaded``."""
    with tracemap.open(path) as opened:  # which analyses it, so that no command has to
        execution = opened.executions(limit=1)["execution"][0]
    found = {}
    for command in COMMANDS:
        asked = [word.format(id=execution) for word in command]
        found[" ".join(command)] = _measured([*asked, "--db", str(path)])
    return found


def _measured(command: list[str]) -> dict[str, Any]:
    probe = [sys.executable, "-c", _PROBE, json.dumps(command), json.dumps(HEAVY)]
    told = subprocess.run(probe, check=True, capture_output=True, text=True)  # also warms it up
    walls, cpus = [], []
    for _ in range(RUNS):
        before, began = os.times(), time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "tracemap", *command], check=True, capture_output=True
        )
        walls.append(time.monotonic() - began)
        after = os.times()
        cpus.append(after.children_user + after.children_system)
        cpus[-1] -= before.children_user + before.children_system
    return {
        "wall_s": round(statistics.median(walls), 2),
        "cpu_s": round(min(cpus), 2),
        "loaded": json.loads(told.stdout.splitlines()[-1]),
    }


def _generated(folder: Path, spans: int) -> Path:
    path = folder / f"{spans}.duckdb"
    with Store.open(path) as store:
        for batch in workload.batches(spans // workload.SPANS_PER_EXECUTION):
            store.write([batch], source="recorded", kind="recorded")
    return path


def _size(path: Path) -> dict[str, int]:
    with tracemap.open(path) as opened:
        (row,) = opened.analysis().to_dicts()
    return {name: row[name] for name in ("spans", "executions")}


if __name__ == "__main__":
    main()
