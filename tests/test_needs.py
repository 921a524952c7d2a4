"""A statement left out, for want of what it needs (``tracemap.build``), would make nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_arrival import world

from tracemap import build as building
from tracemap import pipeline, queries
from tracemap.build import Build
from tracemap.collectors.otlp.decode import decode
from tracemap.store import Store


def test_what_is_not_run_would_have_made_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Build.run
    left_out = set()

    def watched(build: Build, name: str, /, **params: object) -> None:
        plan = building._plan(building._text(name))
        if plan.needs.isdisjoint(build._empty):
            run(build, name, **params)
            return
        left_out.add(name)
        assert build._execute(name, params).fetchone() == (0,), name
        if plan.creates:
            assert plan.table
            build._empty.add(plan.table)

    monkeypatch.setattr(Build, "run", watched)
    for seed in (2, 5):
        spans = world(seed)
        with Store.open(tmp_path / f"{seed}.duckdb") as store:
            for piece in (spans[:-5], spans[-5:]):
                store.write([decode([one]) for one in piece], kind="recorded")
                pipeline.refresh(store, mode="partial")
    assert left_out >= {"span_log", "logged_step", "takeover/take_span_log", "finding_raw"}


def test_what_is_not_run_leaves_its_table_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An analysis makes the same tables, of the same columns, as the first one of the process."""
    tables = (
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'derived' ORDER BY ALL"
    )
    with Store.open(tmp_path / "t.duckdb") as store:
        store.write([decode([one]) for one in world(4)], kind="recorded")
        building._EMPTY.clear()
        run, executed = Build._execute, []

        def watched(build: Build, name: str, params: dict[str, object]) -> object:
            executed.append(name)
            return run(build, name, params)

        monkeypatch.setattr(Build, "_execute", watched)
        found = []
        for _ in range(2):
            pipeline.refresh(store, mode="whole")
            found.append(store.cursor().execute(tables).fetchall())
    assert found[0] == found[1]
    assert "logged_step" not in executed


def test_only_tables_that_are_made_are_needed() -> None:
    rooms = [queries.room(room) for room in ("build", "scope", "takeover", "ownership")]
    plans = [building._plan(queries.text(name)) for room in rooms for name in room]
    assert {name for plan in plans for name in plan.needs} <= {plan.table for plan in plans}


def test_an_analysis_goes_by_what_its_own_program_knows(tmp_path: Path) -> None:
    """A database that an older program made has its macros, or lacks some."""
    is_so = "SELECT is_dead_letter('orders.dlq'), is_reading('GET /orders/{id}')"
    with Store.open(tmp_path / "t.duckdb") as store:
        store.write([decode([one]) for one in world(4)], kind="recorded")
        pipeline.refresh(store)
        cursor = store.cursor()
        cursor.execute("CREATE OR REPLACE MACRO is_dead_letter(name) AS name = 'DLX'")
        cursor.execute("DROP MACRO is_reading")
        store.configure(replace(store.settings(), system_attributes=("deployment.environment",)))
        pipeline.refresh(store)
        assert cursor.execute(is_so).fetchall() == [(True, True)]
