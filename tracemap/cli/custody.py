"""``tracemap custody``: who holds it, since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli import custody_chain
from tracemap.cli.common import (
    DEFAULT_DB,
    Db,
    OutputFormat,
    examples,
    one_of,
    open_database,
    since_ns,
)
from tracemap.cli.evidence import split_expected
from tracemap.cli.execution_page import headline, holding, horizon_of, known_up_to
from tracemap.cli.output import UNKNOWN_WIDTH, Format, note, out, write_found
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import at, clean, count, lasting, paragraph, short_id, utc_now
from tracemap.errors import InputError
from tracemap.rows import Rows

EPILOG = examples(
    "tracemap custody 4711 --chain", "tracemap custody order.id=4711 --at 2026-01-31T14:05:00Z"
)
#: Executions that one answer describes one by one.
MOST: Final = 10


def custody(
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="An execution, key=value, a value, a trace id, or a finding's id. "
            "Without it: who holds how many.",
        ),
    ] = None,
    at_: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="In hindsight: a time (2026-01-31T14:05:00Z; 14:05, in UTC) or an age (15m).",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="As could be known then, without the spans that came later: a time, or an age."
        ),
    ] = None,
    chain: Annotated[
        bool,
        typer.Option(
            "--chain", help="All of it: who held it, from when to when, and what ended that."
        ),
    ] = False,
    db: Db = DEFAULT_DB,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """Who holds an execution, since when: a service, a queue, or nobody yet."""
    at_ns, as_of_ns = _times(at_, as_of)
    past_ns = at_ns if as_of_ns is None else as_of_ns
    if chain:
        if which is None:
            raise InputError(
                "a chain is of one execution", do="name one: tracemap custody ID --chain"
            )
        if past_ns is not None:
            given = "--at" if as_of is None else "--as-of"
            raise InputError("--chain is of all times", do=f"leave {given} away, or --chain")
        _show_chain(db, which, format)
        return
    with open_database(db) as opened:
        analysis = opened.analysis().to_dicts()
        moment = horizon_of(analysis, utc_now()) if past_ns is None else _moment(past_ns)
        if which is None:
            if format is Format.table and past_ns is None:
                if any(row["executions"] for row in analysis):
                    print_totals(out(), opened.custody_totals().to_dicts(), moment)
                else:
                    out().print("No executions.")
            else:
                write_found(format, columns(moment), opened.custody(None, at_ns, as_of=as_of_ns))
            return
        executions = opened.resolve(which)
        # Later runs of what is called so are no other executions.
        several = len(executions) > 1 and which not in executions
        if (several or len(executions) > MOST) and format is Format.table:
            some = f"; the first {MOST}" if len(executions) > MOST else ""
            note(f"{which} means {count(len(executions), 'execution')}{some}:")
            executions = executions[:MOST]
        found = [opened.custody(execution, at_ns, as_of=as_of_ns) for execution in executions]
        if format is not Format.table:
            write_found(format, columns(moment), Rows.together(found))
            return
        for index, (execution, held) in enumerate(zip(executions, found, strict=True)):
            if index:
                out().print()
            if as_of_ns is not None:
                print_as_of(out(), execution, held.to_dicts(), moment)
                continue
            row = opened.executions(execution=execution).to_dicts()[0]
            findings = opened.findings(execution=execution).to_dicts() if at_ns is None else []
            print_custody(out(), row, held.to_dicts(), findings, moment, hindsight=bool(at_ns))


def _show_chain(db: Path, which: str, format: Format) -> None:  # noqa: A002
    with open_database(db) as opened:
        execution = one_of(opened.resolve(which), which)
        row = opened.executions(execution=execution).to_dicts()[0]
        horizon = horizon_of(opened.analysis().to_dicts(), utc_now())
        found = opened.custody_chain(execution)
    rows = found.to_dicts()
    if format is Format.table:
        custody_chain.print_chain(out(), row, rows, horizon)
    else:
        shown = custody_chain.columns(rows, horizon, UNKNOWN_WIDTH)
        write_found(format, shown, found)


def print_custody(
    console: Console,
    execution: Row,
    holders: Sequence[Row],
    findings: Sequence[Row],
    moment: dt.datetime,
    *,
    hindsight: bool = False,
) -> None:
    """Who holds one execution at ``moment``, with the evidence, and what to do about it."""
    console.print(headline(execution), soft_wrap=True)
    _print_holders(console, holders, moment)
    if not holders:
        console.print(f"  nobody held it: {_not_held(execution, moment)}", soft_wrap=True)
    if hindsight:
        console.print(f"  as of {at(moment)}", style="dim", soft_wrap=True)
    elif told := known_up_to(moment, utc_now()):
        console.print(told, style="dim", soft_wrap=True)
    for finding in findings[:3]:
        action = finding["next_action"] or finding["message"]
        console.print(paragraph(f"{finding['rule']}: {action}", console.width, "    ", "  "))
    console.print(
        f"  more: tracemap executions show {short_id(execution['execution'])}",
        style="dim",
        soft_wrap=True,
    )


def _not_held(execution: Row, moment: dt.datetime) -> str:
    """Why nobody held it then, with the time to ask of instead."""
    started, last = execution["started_at"], execution["last_seen"]
    if started is not None and moment < started:
        return f"it had not begun, it started {at(started)}"
    if last is not None and moment > last:
        return f"it was over, last seen {at(last)}"
    return "nothing of it is known for then"


def print_as_of(
    console: Console, execution: str, holders: Sequence[Row], moment: dt.datetime
) -> None:
    """Who held an execution as could be known at ``moment``; nothing of what is known now."""
    line = Text(clean(execution), style="bold")
    line.append(f"  as could be known at {at(moment)}", style="not bold")
    console.print(line, soft_wrap=True)
    for name, of_it in groupby(holders, lambda holder: str(holder["execution"])):
        if name != execution:
            console.print(f"  known then as {clean(name)}", soft_wrap=True)
        _print_holders(console, list(of_it), moment)
    if not holders:
        console.print("  no span of it had come", soft_wrap=True)
    console.print(
        f"  what is known now: tracemap custody {short_id(execution)}", style="dim", soft_wrap=True
    )


def _print_holders(console: Console, holders: Sequence[Row], moment: dt.datetime) -> None:
    for holder in holders:
        console.print(holding(holder, moment), soft_wrap=True)
        said = ("failed in",) if holder["state"] == "failed" else ()
        told, expected = split_expected(holder["evidence"], *said)
        if expected:
            console.print(paragraph(f"next should be: {expected}", console.width, "    "))
        if told:
            console.print(paragraph(told, console.width, "    "), style="dim")


def print_totals(console: Console, rows: Sequence[Row], moment: dt.datetime) -> None:
    """Who holds how many executions, the one held longest first; then what that makes by team."""
    if not rows:
        console.print("Nothing is open: every execution is done.", style="green")
        return
    console.print(f"{count(rows[0]['total'], 'execution')} not done", style="bold", soft_wrap=True)
    console.print()
    print_table(
        console,
        (
            Column("HOLDER", lambda r: r["holder"] or "nobody", "bold", least=12),
            Column("KIND", lambda r: r["holder_kind"], rank=3),
            Column("TEAM", lambda r: r["team"] or "unowned", least=8),
            Column("STATE", lambda r: r["state"], rank=1, least=16),
            Column("HOLDS", lambda r: f"{r['executions']:,}", right=True),
            Column("LONGEST", lambda r: lasting(r["oldest_since"], moment), right=True),
            Column("WHICH", lambda r: short_id(r["oldest"]), rank=1, least=14),
            Column("NEXT SHOULD BE", expected_next, rank=2, least=20, wrap=True),
        ),
        rows,
    )
    if len(teams := by_team(rows)) > 1:
        console.print()
        print_table(
            console,
            (
                Column("TEAM", lambda r: r["team"], "bold", least=12),
                Column("IN SERVICES", lambda r: r["service"] or None, right=True),
                Column("IN QUEUES", lambda r: r["queue"] or None, right=True),
                Column("AWAITED", lambda r: r["between"] or None, right=True),
                Column("LONGEST", lambda r: lasting(r["since"], moment), right=True),
            ),
            teams,
        )


def by_team(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What each team holds, by kind of holder; who has held something longest first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        team = row["team"] or "unowned"
        none = {"team": team, "service": 0, "queue": 0, "between": 0, "since": row["oldest_since"]}
        found.setdefault(team, none)[row["holder_kind"]] += row["executions"]
    return list(found.values())


def expected_next(row: Row) -> str | None:
    """The step that should come next where it is held longest."""
    _, expected = split_expected('{"expected_next": %s}' % (row["expected_next"] or "null"))
    return expected or None


def columns(moment: dt.datetime) -> tuple[Column, ...]:
    """The columns of a table of holders."""
    return (
        Column("EXECUTION", lambda r: short_id(r["execution"]), least=14),
        Column("HOLDER", lambda r: r["holder"] or "nobody", "bold", least=12),
        Column("KIND", lambda r: r["holder_kind"]),
        Column("STATE", lambda r: r["state"], rank=1, least=10),
        Column("SINCE", lambda r: at(r["since"]), rank=2),
        Column("FOR", lambda r: lasting(r["since"], moment), right=True),
        Column("TEAM", lambda r: r["team"] or "unowned", least=8),
    )


def _times(at_: str | None, as_of: str | None) -> tuple[int | None, int | None]:
    """What the two options say. Raises InputError for both at once, or the future."""
    at_ns, as_of_ns = since_ns(at_), since_ns(as_of)
    if at_ns is not None and as_of_ns is not None:
        raise InputError(
            "--at tells what was so, --as-of what could be known", do="give one of them"
        )
    for text, ns in ((at_, at_ns), (as_of, as_of_ns)):
        if ns is not None and _moment(ns) > utc_now():
            raise InputError(
                f"{text} is in the future", do="leave it away: who holds it now is known"
            )
    return at_ns, as_of_ns


def _moment(ns: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=ns // 1000)  # noqa: DTZ001
