"""The life of findings: new, ongoing, resolved, muted; independent of how often anyone looked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_world import NIGHT, Raw, create, refresh, statuses

from tracemap import lifecycle
from tracemap.errors import InputError, NotFoundError
from tracemap.store import Store

A, B, C = Raw("a"), Raw("b", rule="DUP001", family="duplicated"), Raw("c", severity="low")


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with Store.open(tmp_path / "life.duckdb") as store:
        found = store.cursor()
        create(found)
        yield found


def show(cursor: duckdb.DuckDBPyConnection, report_id: int, *found: Raw) -> None:
    lifecycle.remember(cursor, report_id, [raw.id for raw in found])


def test_a_finding_is_new_until_a_report_shows_it_then_ongoing_then_resolved(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    refresh(cursor, [A, B])
    assert statuses(cursor) == {A.id: "new", B.id: "new"}
    show(cursor, 1, A, B)
    assert statuses(cursor) == {A.id: "ongoing", B.id: "ongoing"}
    refresh(cursor, [A, C])
    assert statuses(cursor) == {A.id: "ongoing", B.id: "resolved", C.id: "new"}


def test_a_resolved_finding_that_comes_back_is_open_again(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    refresh(cursor, [A])
    show(cursor, 1, A)
    refresh(cursor, [])
    assert statuses(cursor) == {A.id: "resolved"}
    refresh(cursor, [A])
    assert statuses(cursor) == {A.id: "ongoing"}


def test_what_came_and_went_between_two_reports_is_in_no_view(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    refresh(cursor, [A])
    refresh(cursor, [])
    assert statuses(cursor) == {}
    # ... but a person who wrote its id down can still be told.
    assert lifecycle.fingerprint(cursor, A.id) == A.fingerprint


def test_a_finding_is_as_the_last_analysis_saw_it(cursor: duckdb.DuckDBPyConnection) -> None:
    refresh(cursor, [A])
    later = replace(
        A,
        severity="critical",
        execution="order-1",
        correlation_key="order.id",
        correlation_value="order-1",
        since_ns=NIGHT - 5,
        seen_ns=NIGHT + 7,
        message="it is worse",
        evidence={"waited_ns": 5},
        effects=("STL002: late",),
        span_ids=(1, 2),
    )
    refresh(cursor, [later])
    result = cursor.execute("SELECT * FROM findings")
    names = [column[0] for column in result.description or ()]
    (row,) = result.fetchall()
    assert names == [
        *("id", "rule", "family", "severity", "status", "execution", "correlation", "workflow"),
        *("service", "step", "team", "trace_id", "span_ids", "first_seen", "last_seen"),
        *("message", "evidence", "effects", "next_action", "contacts"),
    ]
    found = dict(zip(names, row, strict=True))
    assert found["severity"] == "critical"
    assert found["correlation"] == {"key": "order.id", "value": "order-1"}
    assert found["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert found["span_ids"] == ["0000000000000001", "0000000000000002"]
    assert found["evidence"] == '{"waited_ns": 5}'
    assert found["effects"] == ["STL002: late"]
    seen = cursor.execute("SELECT epoch_ns(first_seen), epoch_ns(last_seen) FROM findings")
    assert seen.fetchall() == [(NIGHT - 5, NIGHT + 7)]


def test_two_raw_rows_of_one_fingerprint_are_one_finding(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    early = replace(A, since_ns=1, message="first")
    for found in ([A, early], [early, A]):
        refresh(cursor, found)
        rows = cursor.execute("SELECT message FROM findings").fetchall()
        assert rows == [("first",)]


def test_a_muted_finding_stays_muted_through_resolve_and_reopen(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    refresh(cursor, [A, B])
    lifecycle.mute(cursor, A.id, "known, fixed in release 7")
    assert statuses(cursor) == {A.id: "muted", B.id: "new"}
    show(cursor, 1, A)
    refresh(cursor, [B])
    assert statuses(cursor)[A.id] == "resolved"
    refresh(cursor, [A, B])
    assert statuses(cursor)[A.id] == "muted"
    lifecycle.mute(cursor, A.id, "another reason")
    lifecycle.unmute(cursor, A.id)
    assert statuses(cursor)[A.id] == "ongoing"


def test_muting_needs_a_reason_and_one_finding(cursor: duckdb.DuckDBPyConnection) -> None:
    refresh(cursor, [A, B])
    with pytest.raises(InputError, match="needs a reason"):
        lifecycle.mute(cursor, A.id, " ")
    with pytest.raises(NotFoundError, match="no finding 'ffff'"):
        lifecycle.mute(cursor, "ffff", "why")
    with pytest.raises(NotFoundError):
        lifecycle.mute(cursor, "", "why")
    same = [Raw(f"x{i}") for i in range(40)]
    refresh(cursor, same)
    first = sorted(raw.id[0] for raw in same)
    twice = next(one for one in first if first.count(one) > 1)
    with pytest.raises(InputError, match="several findings begin"):
        lifecycle.fingerprint(cursor, twice)


def test_a_report_may_be_saved_and_a_finding_muted_while_an_analysis_runs(
    tmp_path: Path,
) -> None:
    """They write to tables of their own: neither transaction makes the other one fail."""
    with Store.open(tmp_path / "life.duckdb") as store:
        person, analysis = store.cursor(), store.cursor()
        create(analysis)
        refresh(analysis, [A, B])
        analysis.begin()
        lifecycle.update(analysis, NIGHT)
        show(person, 1, A)
        lifecycle.mute(person, B.id, "because")
        analysis.commit()
        assert statuses(person) == {A.id: "ongoing", B.id: "muted"}


# ---- independence of how often a refresh ran ----

_FOUND = st.lists(st.sampled_from([A, B, C]), unique_by=lambda raw: raw.id)
#: What the data says at each moment, and whether a report is saved then.
_HISTORY = st.lists(st.tuples(_FOUND, st.booleans()), min_size=1, max_size=6)


@given(history=_HISTORY, looks=st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_status_does_not_depend_on_how_often_a_refresh_ran(
    history: list[tuple[list[Raw], bool]], looks: list[int]
) -> None:
    """One history refreshes for reports and at the end, the other at every moment, and often."""
    lazy = _view(history, lambda i, reported: int(reported or i == len(history) - 1))
    eager = _view(history, lambda i, reported: looks[i] + int(reported or i == len(history) - 1))
    assert lazy == eager


def _view(history: list[tuple[list[Raw], bool]], times: Any) -> list[tuple[object, ...]]:
    cursor = _shared_database()
    for table in ("finding", "reported", "mute"):
        cursor.execute(f"DELETE FROM store.{table}")
    for i, (found, reported) in enumerate(history):
        for _ in range(times(i, reported)):
            refresh(cursor, found, now_ns=NIGHT + i)
        if reported:
            show(cursor, i + 1, *found)
    return cursor.execute("SELECT * FROM findings ORDER BY id").fetchall()


@cache
def _shared_database() -> duckdb.DuckDBPyConnection:
    cursor = Store.open(Path(tempfile.mkdtemp(prefix="tracemap-")) / "life.duckdb").cursor()
    create(cursor)
    return cursor
