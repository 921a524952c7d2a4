"""The reconciliation report: is every execution accounted for, and who has to do what?

``reconcile`` reads an analysed database; ``save`` keeps the report, so that the next one can say
what is new since. Rendering is in ``report_markdown``, the data and its JSON in ``report_data``.

The window. It runs from the end of the report before to the horizon, or as asked. It covers the
executions that did something in it, and those that were left open, or carry an open finding, from
before: a report never says that all is well while yesterday's order is still stuck. Findings are
those of now, whatever the window; what is ``new`` is decided against the report before.

The report before is the newest saved one that ends earlier than this one. So a report that is asked
for twice without new data (once as Markdown, once as JSON) says the same twice, and is saved once.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tracemap import lifecycle, queries
from tracemap.errors import InputError
from tracemap.report_data import (
    SEVERITIES,
    Contact,
    Finding,
    Key,
    Previous,
    Report,
    Source,
    Status,
    Team,
    Workflow,
    exit_code,
    from_json,
    rfc3339,
    to_json,
)

if TYPE_CHECKING:
    import duckdb

__all__ = ["Report", "exit_code", "from_json", "reconcile", "save", "to_json"]


@dataclasses.dataclass(frozen=True, slots=True)
class _Baseline:
    """What the report before showed as open."""

    previous: Previous | None
    ids: frozenset[str]


def reconcile(
    cursor: duckdb.DuckDBPyConnection,
    *,
    now_ns: int,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> Report:
    """The report for the window from ``since_ns`` to ``until_ns`` (ns UTC); nothing is saved.

    Defaults: from the end of the report before, or the beginning; to the horizon. Call it in a
    transaction, after a refresh, so that all of it is of one moment. Raises InputError for a window
    that ends before it begins.
    """
    sources = tuple(Source(*row) for row in _rows(cursor, "sources"))
    horizon_ns = max((s.horizon_ns for s in sources), default=now_ns)
    to_ns = horizon_ns if until_ns is None else min(until_ns, horizon_ns)
    baseline = _baseline(cursor, to_ns)
    from_ns = since_ns
    if from_ns is None and baseline.previous is not None:
        from_ns = baseline.previous.window_to_ns
    if from_ns is not None and from_ns > to_ns:
        raise InputError(
            f"the window begins at {rfc3339(from_ns)} and ends at {rfc3339(to_ns)}",
            do=f"the data reaches to {rfc3339(horizon_ns)}: give an earlier --since",
        )
    counted = _rows(cursor, "executions", from_ns=from_ns, to_ns=to_ns)
    looks_back = to_ns < horizon_ns
    found = [
        finding
        for finding in _findings(cursor, baseline)
        if not looks_back or (finding.first_seen_ns or 0) < to_ns
    ]
    return Report(
        report_id=None,
        created_ns=now_ns,
        window_from_ns=from_ns,
        window_to_ns=to_ns,
        looks_back=looks_back,
        previous=baseline.previous,
        sources=sources,
        keys=tuple(Key(name, tuple(a), kind) for name, a, kind in _rows(cursor, "keys")),
        executions=sum(row[3] for row in counted),
        accounted=sum(row[4] for row in counted),
        earlier=sum(row[5] for row in counted),
        workflows=_workflows(counted),
        teams=_teams(found),
        resolved=tuple(f for f in found if f.status == "resolved"),
        muted=tuple(f for f in found if f.status == "muted"),
        set_aside=int(_rows(cursor, "set_aside", from_ns=from_ns, to_ns=to_ns)[0][0]),
    )


def save(cursor: duckdb.DuckDBPyConnection, report: Report) -> Report:
    """Keep the report, and return it with its number; one that looks back is not kept.

    A report of the same window as a saved one takes its place. Opens a transaction of its own.
    """
    if report.looks_back:
        return report
    window = {"from_ns": report.window_from_ns, "to_ns": report.window_to_ns}
    cursor.begin()
    try:
        same = _rows(cursor, "same_window", **window)
        ((number,),) = same or _rows(cursor, "next_id")
        saved = dataclasses.replace(report, report_id=int(number))
        cursor.execute(queries.text("report/delete"), {"report_id": number})
        cursor.execute(
            queries.text("report/insert"),
            {
                **window,
                "report_id": number,
                "created_ns": saved.created_ns,
                "executions": saved.executions,
                "accounted": saved.accounted,
                "content": json.dumps(to_json(saved), ensure_ascii=False),
            },
        )
        lifecycle.remember(cursor, int(number), [f.id for f in _shown(saved)])
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return saved


def _shown(report: Report) -> Iterable[Finding]:
    return (*report.open, *report.muted)


def _rows(cursor: duckdb.DuckDBPyConnection, name: str, **params: object) -> list[tuple[Any, ...]]:
    return cursor.execute(queries.text(f"report/{name}"), params or None).fetchall()


def _baseline(cursor: duckdb.DuckDBPyConnection, to_ns: int) -> _Baseline:
    rows = _rows(cursor, "previous", to_ns=to_ns)
    if not rows:
        return _Baseline(None, frozenset())
    report_id, created_ns, window_to_ns, content = rows[0]
    shown = _shown(from_json(json.loads(content)))
    return _Baseline(Previous(report_id, created_ns, window_to_ns), frozenset(f.id for f in shown))


def _findings(cursor: duckdb.DuckDBPyConnection, baseline: _Baseline) -> list[Finding]:
    titles = {rule.code: rule.title for rule in queries.rules()}
    result = cursor.execute(queries.text("report/findings"), {"ids": sorted(baseline.ids)})
    names = [column[0] for column in result.description or ()]
    return [
        _finding(dict(zip(names, row, strict=True)), baseline, titles) for row in result.fetchall()
    ]


def _finding(row: dict[str, Any], baseline: _Baseline, titles: Mapping[str, str]) -> Finding:
    status, reopened = _status(row, baseline)
    key = row["correlation_key"]
    return Finding(
        id=row["id"],
        rule=row["rule"],
        title=titles.get(row["rule"]),
        family=row["family"],
        severity=row["severity"],
        status=status,
        reopened=reopened,
        execution=row["execution"],
        correlation=(key, row["correlation_value"]) if key is not None else None,
        workflow=row["workflow"],
        service=row["service"],
        step=row["step"],
        team=row["team"],
        trace_id=row["trace_id"],
        span_ids=tuple(row["span_ids"] or ()),
        first_seen_ns=row["first_seen_ns"],
        last_seen_ns=row["last_seen_ns"],
        message=row["message"] or "",
        evidence=json.loads(row["evidence"]) if row["evidence"] is not None else None,
        effects=tuple(row["effects"] or ()),
        next_action=row["next_action"],
        resolved_ns=row["resolved_ns"],
        muted_reason=row["muted_reason"],
        contacts=tuple(Contact(**one) for one in json.loads(row["contacts"])),
    )


def _status(row: dict[str, Any], baseline: _Baseline) -> tuple[Status, bool]:
    """(status against the report before, whether it is back after an absence)."""
    if row["resolved_ns"] is not None:
        return "resolved", False
    if row["muted_reason"] is not None:
        return "muted", False
    if row["id"] in baseline.ids:
        return "ongoing", False
    first, previous = row["first_report_id"], baseline.previous
    if first is None or previous is None or first > previous.report_id:
        return "new", False
    return "ongoing", True


def _workflows(counted: list[tuple[Any, ...]]) -> tuple[Workflow, ...]:
    found = []
    for (workflow, team), rows in groupby(counted, key=lambda row: (row[0], row[1])):
        lines = list(rows)
        found.append(
            Workflow(
                workflow=workflow,
                team=team,
                executions=sum(row[3] for row in lines),
                accounted=sum(row[4] for row in lines),
                statuses={row[2]: row[3] for row in lines},
            )
        )
    # Where something is missing first, then the busiest.
    found.sort(key=lambda w: (w.accounted - w.executions, -w.executions, w.workflow or ""))
    return tuple(found)


def _teams(found: list[Finding]) -> tuple[Team, ...]:
    """Open findings by team: the worst first, what nobody owns last."""
    by_team: dict[str | None, list[Finding]] = {}
    for one in found:
        if one.status in ("new", "ongoing"):
            by_team.setdefault(one.team, []).append(one)
    teams = [Team(team, tuple(several)) for team, several in by_team.items()]
    teams.sort(
        key=lambda t: (
            t.team is None,
            min(SEVERITIES.index(f.severity) for f in t.findings),
            -len(t.findings),
            t.team or "",
        )
    )
    return tuple(teams)
