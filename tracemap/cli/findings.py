"""``tracemap findings``: what is wrong, the worst first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import (
    DEFAULT_DB,
    Commands,
    Db,
    Limit,
    OutputFormat,
    Since,
    examples,
    open_database,
    since_ns,
)
from tracemap.cli.output import Format, err, note, out, write_found
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import age, clean, count, short_id, utc_now
from tracemap.cli.unseen import note_unseen
from tracemap.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap

EPILOG: Final = examples(
    "tracemap findings --team payments --severity high",
    "tracemap findings --rule STL001,STL002 --since 24h --format csv",
)
MUTE_EPILOG: Final = examples(
    "tracemap findings mute 4711 --reason 'shipped by hand, INC-42'",
    "tracemap findings mute 4711 --reason 'known' --db shop.duckdb",
)
UNMUTE_EPILOG: Final = examples(
    "tracemap findings unmute 4711", "tracemap findings unmute 4711 --db shop.duckdb"
)

app = typer.Typer(cls=Commands, invoke_without_command=True, epilog=EPILOG)

SEVERITY_STYLE: Final[Mapping[str, str]] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
Which = Annotated[
    str, typer.Argument(metavar="ID", help="A finding's id, or an execution with one finding.")
]
#: Rows that a screen takes; more are for --limit and for machines.
SCREEN: Final = 40


@app.callback()
def findings(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    family: Annotated[
        str | None,
        typer.Option(
            help="orphaned, duplicated, stalled, inconsistent, ownership or data; "
            "several with commas."
        ),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Rule codes, set apart by commas.")] = None,
    team: Annotated[
        str | None, typer.Option(help="Of this team; 'unowned' for those of nobody.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option(help="At least critical, high, medium, low or info.")
    ] = None,
    status: Annotated[
        str, typer.Option(help="open (new and ongoing), all, new, ongoing, resolved or muted.")
    ] = "open",
    since: Since = None,
    execution: Annotated[
        str | None, typer.Option(help="Of this execution: its name or what it is about.")
    ] = None,
    limit: Limit = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """What is wrong: orphaned, duplicated and stalled work, the worst first."""
    if context.invoked_subcommand is not None:
        return
    with open_database(db) as opened:
        which = opened.resolve(execution)[0] if execution else None
        found = opened.findings(
            status,
            family=family,
            rule=rule,
            team=team,
            severity=severity,
            since=since_ns(since),
            execution=which,
            limit=limit,
        )
        if found.is_empty():
            note_unseen(opened, rule=rule, team=team)
        aside = [rule for rule in opened.backend.settings().rules if rule.aside]
    if format is not Format.table:
        write_found(format, columns(utc_now()), found)
        return
    rows = found.to_dicts()
    print_findings(out(), rows if limit else rows[:SCREEN], rows, utc_now())
    for own in aside:
        note(f"the rule {own.name} is set aside, see 'tracemap rules list': {clean(own.aside)}")
    if not limit and len(rows) > SCREEN:
        note(f"{len(rows) - SCREEN:,} more: --limit {len(rows)}, or narrow it by --team, --rule")


@app.command("mute", epilog=MUTE_EPILOG)
def mute(
    which: Which,
    reason: Annotated[str, typer.Option(help="Why it can be set aside; it is shown with it.")],
    db: Db = DEFAULT_DB,
) -> None:
    """Set a finding aside: it no longer counts, here and in reports, until it is unmuted."""
    with open_database(db) as opened:
        found = opened.mute(_one(opened, which, "open"), reason)
    err().print(f"{found} is muted; to see such: tracemap findings --status muted", soft_wrap=True)


@app.command("unmute", epilog=UNMUTE_EPILOG)
def unmute(which: Which, db: Db = DEFAULT_DB) -> None:
    """Let a muted finding count again."""
    with open_database(db) as opened:
        found = opened.unmute(_one(opened, which, "muted"))
    err().print(f"{found} counts again", soft_wrap=True)


def _one(opened: PlainTracemap, which: str, status: str) -> str:
    """The id of the only finding that ``which`` may mean. Raises InputError, NotFoundError."""
    by_id = opened.findings("all", id=which)
    if by_id.height:
        return which
    try:
        executions = opened.resolve(which)
    except NotFoundError:
        raise NotFoundError(
            f"there is no finding {which!r}", do="see 'tracemap findings'"
        ) from None
    rows = [r for e in executions[:10] for r in opened.findings(status, execution=e).to_dicts()]
    if len(rows) == 1:
        return str(rows[0]["id"])
    some = ", ".join(f"{r['id']} ({r['rule']})" for r in rows[:5])
    raise InputError(
        f"{which!r} has {len(rows) or 'no'} {status} findings" + (f": {some}" if rows else ""),
        do="name one by its id; see 'tracemap findings'",
    )


def print_findings(
    console: Console, shown: Sequence[Row], everything: Sequence[Row], now: dt.datetime
) -> None:
    """The summary line, then the findings ``shown`` with what to do about each kind."""
    console.print(summary(everything, now), soft_wrap=True)
    if shown:
        console.print()
        print_table(console, columns(now), shown)
        console.print()
        first = clean(shown[0]["id"])
        console.print(
            f"evidence and next action: tracemap explain {first}", style="dim", soft_wrap=True
        )


def summary(rows: Sequence[Row], now: dt.datetime) -> Text:
    """``7 findings in 5 executions: 2 critical, 5 high; the oldest since 3 h``."""
    if not rows:
        return Text("No findings.", style="green")
    line = Text(count(len(rows), "finding"), style="bold")
    executions = len({row["execution"] for row in rows if row["execution"]})
    if executions:
        line.append(f" in {count(executions, 'execution')}", style="not bold")
    line.append(": ", style="not bold")
    severities = Counter(row["severity"] for row in rows)
    for index, (name, style) in enumerate(
        (n, s) for n, s in SEVERITY_STYLE.items() if severities[n]
    ):
        line.append(", " if index else "", style="not bold")
        line.append(f"{severities[name]} {name}", style=style)
    seen = [row["first_seen"] for row in rows if row["first_seen"]]
    if seen:
        line.append(f"; the oldest {age(min(seen), now)}", style="not bold")
    return line


def severity_style(row: Row) -> str:
    """The colour of a finding's severity."""
    return SEVERITY_STYLE.get(str(row["severity"]), "")


def columns(now: dt.datetime) -> tuple[Column, ...]:
    """The columns of a findings table."""
    return (
        Column("SEVERITY", lambda r: r["severity"], severity_style),
        Column("RULE", lambda r: r["rule"]),
        Column("TEAM", lambda r: r["team"] or "unowned", "bold", least=10),
        Column("EXECUTION", about, least=14),
        Column("WHAT", lambda r: r["message"], wrap=True, least=36),
        Column("SINCE", lambda r: age(r["first_seen"], now), rank=1, least=10),
        Column("STATUS", lambda r: r["status"], rank=4),
        Column("WORKFLOW", lambda r: r["workflow"], rank=5, least=8),
        Column("SERVICE", lambda r: r["service"], rank=3, least=10),
        Column("REACH", reach, rank=6, least=10),
        Column("ID", lambda r: r["id"], "dim", rank=2, least=12),
    )


def reach(row: Mapping[str, Any]) -> str | None:
    """The first way to reach who is told; a link that only helps is none."""
    ways = (c["value"] for c in row["contacts"] if c["type"] in ("channel", "pager", "email"))
    return next(ways, None)


def about(row: Mapping[str, Any]) -> str:
    """The execution a finding is in, or the service it is about."""
    return short_id(row["execution"]) if row["execution"] else "-"
