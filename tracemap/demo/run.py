"""The whole demo: collector, shop, analysis, and what it found against what was injected."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tracemap
from tracemap.demo.collector import running_collector
from tracemap.demo.faults import Script, plan
from tracemap.demo.process import ShopError
from tracemap.demo.shop import run_shop
from tracemap.demo.truth import Injected, differences, injected
from tracemap.errors import InputError

#: Once the learned deadlines have passed nothing is still under way: after 8 s on an idle machine.
#: On a busy one messages wait longer, so that longer deadlines are learned. The report comes after
#: this many seconds in any case.
SETTLE_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom the demo tells how far it is: a phase begins, so many orders are placed."""

    phase: Callable[[str], None]
    placed: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What was injected and what the analysis reports of it."""

    script: Script
    database: Path
    truth: tuple[Injected, ...]
    #: The open findings, as ``tracemap findings --format json`` has them.
    findings: tuple[dict[str, Any], ...]
    #: What the findings got wrong, one sentence each; empty: exactly the truth.
    differences: tuple[str, ...]
    shop_seconds: float
    total_seconds: float


@contextmanager
def running_demo(
    *, seed: int, orders: int = 200, database: Path | None = None, watch: Watch | None = None
) -> Iterator[DemoResult]:
    """Run the demo; inside the context the collector still serves ``result.database``.

    Without ``database`` the data goes to a new temporary folder and stays there. Raises InputError
    when ``database`` exists or ``orders`` are too few, ShopError when a process of the demo fails.
    """
    script = plan(seed, orders)
    watch = watch or Watch(phase=lambda _: None, placed=lambda _: None)
    database = _new_database(database)
    with _log_folder() as logs:
        began = time.monotonic()
        watch.phase("starting the collector")
        with running_collector(database, logs) as endpoints:
            watch.phase("running the shop")
            shop_began = time.monotonic()
            run_shop(script, endpoints.grpc, endpoints.http, logs, watch.placed)
            shop_seconds = time.monotonic() - shop_began
            watch.phase("waiting until the deadlines that were learned have passed")
            findings = _settled_findings(database)
            truth = tuple(injected(script))
            yield DemoResult(
                script=script,
                database=database,
                truth=truth,
                findings=findings,
                differences=tuple(differences(truth, map(place_of, findings))),
                shop_seconds=shop_seconds,
                total_seconds=time.monotonic() - began,
            )


def run_demo(
    *, seed: int, orders: int = 200, database: Path | None = None, watch: Watch | None = None
) -> DemoResult:
    """``running_demo`` to its end."""
    with running_demo(seed=seed, orders=orders, database=database, watch=watch) as result:
        return result


def _new_database(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="tracemap-demo-")) / "demo.duckdb"
    if wanted.exists():
        raise InputError(
            "there is something already, and the demo starts with an empty database",
            where=str(wanted),
            do="give a --db that does not exist, or none",
        )
    return wanted


@contextmanager
def _log_folder() -> Iterator[Path]:
    """A folder for the processes' logs; it stays after a failure, for it says why."""
    logs = Path(tempfile.mkdtemp(prefix="tracemap-demo-logs-"))
    failed = False
    try:
        yield logs
    except ShopError as error:
        failed = True
        error.do = error.do or f"the logs of all processes are in {logs}"
        raise
    finally:
        if not failed:
            shutil.rmtree(logs, ignore_errors=True)


def _settled_findings(database: Path) -> tuple[dict[str, Any], ...]:
    """The open findings once no order is under way any more, or after SETTLE_SECONDS."""
    give_up = time.monotonic() + SETTLE_SECONDS
    with tracemap.open(database) as opened:
        while time.monotonic() < give_up:
            if opened.executions(status="running,stalled").is_empty():
                break
            time.sleep(1.0)
        return tuple(opened.findings().to_dicts())


def place_of(finding: Mapping[str, Any]) -> tuple[str, str | None]:
    """The rule and the order of a finding, as ``differences`` compares them."""
    return finding["rule"], (finding["correlation"] or {}).get("value")
