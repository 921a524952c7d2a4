"""The whole custody of an execution as a table: who held it, from when to when, what ended it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console

from tracemap.cli.evidence import evidence_pairs
from tracemap.cli.execution_page import headline
from tracemap.cli.table import Column, Row, print_table, team_first
from tracemap.cli.text import count, duration, lasting

#: Stretches that a screen takes; the rest is in JSON and CSV.
MOST: Final = 200

_BY: Final = {
    "call": "calls",
    "return": "returns to",
    "message": "publishes to",
    "receive": "taken by",
    "spawn": "starts",
    "link": "goes on in",
    "correlation": "goes on in",
    "begin": "begins:",
}


def print_chain(
    console: Console, execution: Row, rows: Sequence[Row], horizon: dt.datetime
) -> None:
    """The execution, and a line for each stretch that somebody held it."""
    console.print(headline(execution), soft_wrap=True)
    if not rows:
        console.print("  nobody has held it yet", soft_wrap=True)
        return
    print_table(console, columns(rows, horizon, console.width), rows[:MOST])
    if len(rows) > MOST:
        console.print(f"  ... {count(len(rows) - MOST, 'stretch', 'stretches')} more", style="dim")
    if (early := sum("before its cause" in told(row) for row in rows)) > 0:
        console.print(
            f"  clocks differ: {count(early, 'stretch', 'stretches')} begin before what led there",
            style="dim",
            soft_wrap=True,
        )


def columns(rows: Sequence[Row], horizon: dt.datetime, width: int) -> tuple[Column, ...]:
    """The columns of a table of custody; ``width`` is for the team's name, which is cut last."""
    shown = _clock([row["since"] for row in rows] + [row["until"] for row in rows])
    room, team = team_first(width, [team_of(row) for row in rows], 44)
    return (
        Column("FROM", lambda r: shown(r["since"]), least=23),
        Column("UNTIL", lambda r: shown(r["until"]), rank=4, least=23),
        Column("HELD", lambda r: held(r, horizon), right=True),
        Column("BY", lambda r: r["holder"] or "nobody", "bold", least=min(16, room)),
        Column("TEAM", team_of, least=team),
        Column("STATE", lambda r: r["state"], rank=1, least=12),
        Column("THEN", then, rank=2, least=24),
        Column("NEXT TEAM", next_team, rank=5, least=30),
    )


def held(row: Row, horizon: dt.datetime) -> str | None:
    """How long: measured, or up to the horizon for who holds it still."""
    if row["held_ns"] is not None:
        return duration(row["held_ns"])
    return None if row["holder_kind"] == "done" else lasting(row["since"], horizon)


def then(row: Row) -> str | None:
    """What ended it, and who holds it by that: ``calls payment``."""
    by = row["ended_by"]
    if by is None:
        return None if row["holder_kind"] == "done" else "holds it still"
    if by == "end":
        return "failed" if "status error" in told(row) else "ended"
    return f"{_BY.get(by, by)} {row['to_holder'] or ''}".rstrip()


def team_of(row: Row) -> str:
    """Who is accountable while it is held so."""
    return str(row["team"] or "unowned")


def next_team(row: Row) -> str | None:
    """The owner that it passed to, where that is another one."""
    return f"» {row['to_team'] or 'unowned'}" if row["boundary"] else None


def told(row: Row) -> str:
    """The evidence in words."""
    return ", ".join(f"{name} {value}" for name, value in evidence_pairs(row["evidence"]))


def _clock(moments: Sequence[dt.datetime | None]) -> Callable[[dt.datetime | None], str | None]:
    """Times of day to the millisecond; with the date where there are several days."""
    days = {moment.date() for moment in moments if moment is not None}
    form = "%H:%M:%S" if len(days) < 2 else "%Y-%m-%d %H:%M:%S"

    def shown(moment: dt.datetime | None) -> str | None:
        if moment is None:
            return None
        return f"{moment:{form}}.{moment.microsecond // 1000:03}"

    return shown
