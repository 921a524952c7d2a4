"""``tracemap audit``: what is synchronous, what is not, and what each costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import DEFAULT_DB, Db, Workflows, examples, open_database
from tracemap.cli.output import note, out, write_json
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import clean, count, duration, paragraph

if TYPE_CHECKING:
    from tracemap.audit import Audit

EPILOG: Final = examples("tracemap audit", "tracemap audit 'POST /orders' --format md")

#: Workflows on a screen, the busiest first.
SCREEN: Final = 20


class AuditFormat(StrEnum):
    """How an audit is written."""

    table = "table"
    json = "json"
    md = "md"


def audit(
    workflow: Annotated[
        str | None,
        typer.Argument(metavar="[WORKFLOW]", help="Or a part of its name. Without it: all."),
    ] = None,
    db: Db = DEFAULT_DB,
    limit: Workflows = None,
    format: Annotated[AuditFormat, typer.Option("--format", "-f")] = AuditFormat.table,  # noqa: A002
) -> None:
    """Each workflow's hand-offs, owners, waits, retries and compensations, and what they tell.

    The questions that decide between synchronous and asynchronous, answered with its own numbers.
    """
    from tracemap import audit as audits

    with open_database(db) as opened:
        found = audits.read(opened, workflow)
    left = len(found) - (limit or (SCREEN if format is AuditFormat.table else len(found)))
    found = found[: len(found) - left] if left > 0 else found
    if format is AuditFormat.json:
        write_json([as_json(one) for one in found])
    elif format is AuditFormat.md:
        sys.stdout.write("\n".join(line for one in found for line in markdown(one)) + "\n")
    elif not found:
        out().print("No workflows yet.")
    else:
        for index, one in enumerate(found):
            if index:
                out().print()
            print_audit(out(), one)
        if left > 0 and not limit:
            note(f"{count(left, 'workflow')} more: name one, or --limit {left + len(found)}")


def as_json(one: Audit) -> dict[str, Any]:
    """The audit whole: its numbers, then the rows of each part, the questions and the duties."""
    from dataclasses import asdict

    from tracemap.audit import PARTS, questions
    from tracemap.responsibilities import duties

    rows = {name: [_without_workflow(row) for row in getattr(one, name)] for name in PARTS}
    return {
        **one.summary,
        "waiting_share": one.waiting_share,
        **rows,
        "questions": [asdict(question) for question in questions(one)],
        "responsibilities": [_without_workflow(asdict(step)) for step in duties(one)],
    }


def _without_workflow(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "workflow"}


def print_audit(console: Console, one: Audit) -> None:
    """What it is, its hand-offs, what else was seen, and the questions."""
    from tracemap.audit import questions

    console.print(_head(one), soft_wrap=True)
    if one.handoffs:
        console.print()
        print_table(console, COLUMNS, one.handoffs)
    console.print()
    for label, text in _seen(one):
        line = paragraph(text, console.width, " " * 16, f"  {label:<14}")
        console.print(line, soft_wrap=True)
    for question in questions(one):
        console.print()
        console.print(Text(f"  {question.question}", style="bold"), soft_wrap=True)
        console.print(paragraph(question.answer, console.width, "    "), soft_wrap=True)


def _head(one: Audit) -> Text:
    row = one.summary
    line = Text(clean(one.workflow), style="bold")
    line.append(f"  {count(row['executions'], 'execution')}: {_statuses(row)}", style="not bold")
    if row["team"] is None:
        line.append("  no end-to-end owner", style="red")
    else:
        line.append(f"  end to end: {clean(row['team'])}", style="not bold")
    return line


def _statuses(row: Row) -> str:
    states = ("completed", "compensated", "failed", "stalled", "abandoned", "running")
    return ", ".join(f"{row[state]:,} {state}" for state in states if row[state])


def _seen(one: Audit) -> Iterator[tuple[str, str]]:
    from tracemap.audit import compensation

    asynchronous = len(one.asynchronous)
    yield "hand-offs", f"{len(one.sync)} synchronous, {asynchronous} asynchronous"
    yield "services", ", ".join(one.summary["services"]) or "none"
    retried = [f"{s['service']} {s['name']} ×{s['retries']}" for s in one.steps if s["retries"]]
    retried += [
        f"{d['destination']} delivered again ×{d['redelivered']}"
        for d in one.destinations
        if d["redelivered"]
    ]
    yield "retries", "; ".join(retried) or "none seen"
    undoing = [compensation(row) for row in one.compensations]
    yield "compensations", "; ".join(undoing) or "none seen"
    keys = [f"{r['service']} {r['name']}: {', '.join(r['keys'])}" for r in one.idempotency]
    yield "idempotency", "; ".join(keys) or "no key seen as an attribute"
    share = one.waiting_share
    waits = "no caller was seen waiting"
    if share is not None:
        waited = one.summary
        waits = f"{duration(waited['p50_waited_ns'])} an execution (95%: "
        waits += f"{duration(waited['p95_waited_ns'])}), {share:.0%} of the callers' time"
    yield "waiting", waits


def _owners(row: Row) -> str:
    start, end = row["from_team"] or "unowned", row["to_team"] or "unowned"
    return f"{start} » {end}" if row["boundary"] else end


def _how(row: Row) -> str:
    return f"{row['type']} {row['destination']}" if row["destination"] else str(row["type"])


def _time(row: Row, which: str) -> str | None:
    held = row["mode"] == "sync"
    ns = row[f"{which}_held_ns"] if held else row[f"{which}_wait_ns"]
    return None if ns is None else duration(ns)


#: A table of hand-offs. A synchronous one holds its caller; in the other the work waits.
COLUMNS: Final = (
    Column("MODE", lambda r: r["mode"], lambda r: "yellow" if r["mode"] == "sync" else "cyan"),
    Column("FROM", lambda r: f"{r['from_service']} {r['from_name']}", least=16, wrap=True),
    Column("TO", lambda r: f"{r['to_service']} {r['to_name']}", least=16, wrap=True),
    Column("HOW", _how, rank=2, least=8, wrap=True),
    Column("OWNERS", _owners, lambda r: "bold" if r["boundary"] else "", least=12, wrap=True),
    Column("TIMES", lambda r: f"{r['count']:,}", rank=1, right=True),
    Column("ERRORS", lambda r: f"{r['errors']:,}" if r["errors"] else None, "red", 1, right=True),
    Column("WAITS P50", lambda r: _time(r, "p50"), rank=1, right=True),
    Column("P95", lambda r: _time(r, "p95"), rank=1, right=True),
)


def markdown(one: Audit) -> Iterator[str]:
    """The audit as Markdown."""
    from tracemap.audit import questions
    from tracemap.markdown import inline

    row = one.summary
    yield f"## {inline(one.workflow)}"
    yield ""
    owner = inline(row["team"]) if row["team"] else "**nobody**"
    yield f"{count(row['executions'], 'execution')}: {_statuses(row)}. End to end: {owner}."
    yield ""
    if one.handoffs:
        yield f"| {' | '.join(column.title for column in COLUMNS)} |"
        yield f"|{'|'.join(' ---: ' if c.right else ' --- ' for c in COLUMNS)}|"
        yield from (_markdown_row(COLUMNS, handoff) for handoff in one.handoffs)
        yield ""
    for label, text in _seen(one):
        yield f"- {label}: {inline(text)}"
    yield ""
    for question in questions(one):
        yield f"**{question.question}** {inline(question.answer)}"
        yield ""


def _markdown_row(columns: Sequence[Column], row: Row) -> str:
    from tracemap.markdown import inline

    cells = ["-" if (v := c.value(row)) is None else inline(str(v)) for c in columns]
    return f"| {' | '.join(cells)} |"
