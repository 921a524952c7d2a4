"""Runs a scenario's folder: a fresh store, deliveries, and the analysis after them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scenarios import build
from tracemap import ownership, pipeline
from tracemap.catalogs import finding
from tracemap.collectors import files
from tracemap.settings import Settings
from tracemap.store import Store

ROOT = build.ROOT
NAMES = sorted(path.name for path in ROOT.iterdir() if path.is_dir())


class Analysis:
    """A fresh store to which lines of OTLP are delivered."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._deliveries = 0

    def deliver(self, lines: Sequence[str], *, analyse: bool = True) -> None:
        """Import lines as one file and, to ``analyse``, bring the analysis up to date."""
        self._deliveries += 1
        path = self._folder / f"delivery-{self._deliveries}.otlp.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for batch in files.read(path):
            self._store.write([batch], source="recorded", kind="recorded")
        if analyse:
            pipeline.refresh(self._store)

    def select(self, sql: str) -> list[dict[str, Any]]:
        """Run a SELECT and return its rows."""
        cursor = self._store.cursor().execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def analysis(name: str, folder: Path) -> Iterator[Analysis]:
    """Open a fresh store that knows the owners which the scenario declares."""
    owners = finding.find(ROOT / name).files
    settings = expected_of(name).get("settings")
    with Store.open(folder / "tracemap.duckdb") as store:
        # So few rows are one morsel: to wake a second thread for it is a sixth of an analysis.
        store.cursor().execute("SET threads = 1")
        if settings:
            store.configure(Settings.from_json(json.dumps(settings)))
        if owners:
            assert not ownership.load(store.cursor(), ROOT / name).problems
        yield Analysis(store, folder)


def expected_of(name: str) -> dict[str, Any]:
    out: dict[str, Any] = json.loads((ROOT / name / "expected.json").read_text(encoding="utf-8"))
    return out


def lines_of(name: str) -> list[str]:
    return (ROOT / name / "input.otlp.jsonl").read_text(encoding="utf-8").splitlines()


def report(problems: Sequence[str]) -> str:
    return "\n" + "\n".join(problems)
