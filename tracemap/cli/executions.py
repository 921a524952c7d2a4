"""``tracemap executions``: the runs of a workflow, and everything about one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli import execution_page
from tracemap.cli.common import (
    DEFAULT_DB,
    Commands,
    Db,
    Limit,
    OutputFormat,
    Since,
    examples,
    one_of,
    open_database,
    since_ns,
)
from tracemap.cli.output import Format, note, out, write_found, write_json
from tracemap.cli.styles import STATUS_STYLE, status_style
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import age, count, short_id, utc_now
from tracemap.cli.timeline import print_timeline
from tracemap.cli.unseen import note_unseen
from tracemap.errors import InputError

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="The runs of business workflows, across services, queues and traces.",
    epilog=examples(
        "tracemap executions list --status stalled", "tracemap executions show order.id=4711"
    ),
)

LIST_EPILOG = examples(
    "tracemap executions list --status running,stalled --workflow 'POST /orders'",
    "tracemap executions list --since 24h --format json",
)
SHOW_EPILOG = examples(
    "tracemap executions show 4711", "tracemap executions show order.id=4711 --format json"
)
#: Rows that a screen takes.
SCREEN: Final = 40


@app.command("list", epilog=LIST_EPILOG)
def list_(
    db: Db = DEFAULT_DB,
    status: Annotated[
        str | None,
        typer.Option(
            help="running, stalled, completed, failed, compensated or abandoned; "
            "several with commas."
        ),
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="Of this workflow.")] = None,
    service: Annotated[str | None, typer.Option(help="That this service took part in.")] = None,
    since: Since = None,
    limit: Limit = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """Executions, the ones seen last first."""
    filters: dict[str, Any] = {
        "status": status,
        "workflow": workflow,
        "service": service,
        "since": since_ns(since),
    }
    with open_database(db) as opened:
        if format is not Format.table:
            found = opened.executions(**filters, limit=limit)
            if found.is_empty():
                note_unseen(opened, workflow=workflow, service=service)
            write_found(format, columns(utc_now()), found)
            return
        totals = opened.execution_totals(**filters).to_dicts()
        rows = opened.executions(**filters, limit=limit or SCREEN).to_dicts()
        if not rows:
            note_unseen(opened, workflow=workflow, service=service)
        aside = 0 if any(filters.values()) else opened.analysis().to_dicts()[0]["set_aside"]
    print_executions(out(), totals, rows, utc_now())
    if (left := sum(t["executions"] for t in totals) - len(rows)) > 0 and not limit:
        note(f"{left:,} more: --limit {left + len(rows)}, or narrow it by --status, --workflow")
    if aside:
        note(f"{count(aside, 'trace')} of probes and polls set aside: see the view set_aside")


@app.command("show", epilog=SHOW_EPILOG)
def show(
    which: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="An execution, key=value, a value, a trace id, or a finding's id.",
        ),
    ],
    timeline: Annotated[
        bool, typer.Option("--timeline", help="On a time axis: work and waits to scale.")
    ] = False,
    handoffs: Annotated[
        bool,
        typer.Option(
            "--handoffs", help="Each hand-off, sync or async, and what that is decided by."
        ),
    ] = False,
    db: Db = DEFAULT_DB,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """One execution: who holds it, what happened, and which traces belong to it and why."""
    if format not in (Format.table, Format.json):
        raise InputError(f"one execution has no {format.value} form", do="use table or json")
    with open_database(db) as opened:
        execution = one_of(opened.resolve(which), which)
        page = opened.execution(execution)
        drawn = timeline and format is Format.table
        chain = opened.custody_chain(execution).to_dicts() if drawn else []
    if format is Format.json:
        write_json(execution_page.as_json(page))
    elif timeline:
        print_timeline(out(), page, chain, utc_now())
    elif handoffs:
        execution_page.print_handoffs(out(), page)
    else:
        execution_page.print_page(out(), page, utc_now())


def print_executions(
    console: Console,
    totals: Sequence[Mapping[str, Any]],
    rows: Sequence[Row],
    now: dt.datetime,
) -> None:
    """The totals by status, then the executions."""
    console.print(totals_line(totals), soft_wrap=True)
    if rows:
        console.print()
        print_table(console, columns(now), rows)


def totals_line(totals: Sequence[Mapping[str, Any]]) -> Text:
    """``204 executions: 3 stalled, 1 running, 200 completed``; trouble first."""
    by_status = {str(t["status"]): int(t["executions"]) for t in totals}
    if not by_status:
        return Text("No executions.")
    line = Text(count(sum(by_status.values()), "execution"), style="bold")
    order = {name: index for index, name in enumerate(STATUS_STYLE)}
    for index, (name, number) in enumerate(
        sorted(by_status.items(), key=lambda item: order.get(item[0], 99))
    ):
        line.append(", " if index else ": ", style="not bold")
        line.append(f"{number:,} {name}", style=STATUS_STYLE.get(name, "not bold"))
    return line


def columns(now: dt.datetime) -> tuple[Column, ...]:
    """The columns of a table of executions."""
    return (
        Column("EXECUTION", lambda r: short_id(r["execution"]), "bold", least=16),
        Column("STATUS", lambda r: r["status"], status_style, least=11),
        Column("HELD BY", held_by, rank=1, least=16),
        Column("TEAM", team_of, rank=2, least=8),
        Column("LAST SEEN", lambda r: age(r["last_seen"], now), least=10),
        Column("STARTED", lambda r: age(r["started_at"], now), rank=4, least=10),
        Column("WORKFLOW", lambda r: r["workflow"], rank=3, least=14),
        Column("SERVICES", lambda r: ", ".join(r["services"] or ()), rank=6, least=12),
        Column("TRACES", lambda r: r["traces"], rank=5, right=True),
        Column("SPANS", lambda r: r["spans"], rank=7, right=True),
    )


def held_by(row: Row) -> str | None:
    """The holder of the first open branch, and how many more there are."""
    holders = [h for h in row["holders"] or () if h["holder_kind"] != "done"]
    if not holders:
        return None
    more = f" +{len(holders) - 1}" if len(holders) > 1 else ""
    return f"{holders[0]['holder'] or 'nobody'}{more}"


def team_of(row: Row) -> str | None:
    """The team of the first open branch's holder."""
    holders = [h for h in row["holders"] or () if h["holder_kind"] != "done"]
    return (holders[0]["team"] or "unowned") if holders else None
