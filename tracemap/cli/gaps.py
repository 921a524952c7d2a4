"""``tracemap owners gaps``: where work passes on and a responsibility is nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import DEFAULT_DB, Db, examples, open_database
from tracemap.cli.output import Format, out, write_markdown, write_rows
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import clean, count

if TYPE_CHECKING:
    from tracemap.audit import Audit

EPILOG: Final = examples("tracemap owners gaps", "tracemap owners gaps 'POST /orders' --steps")


def gaps(
    workflow: Annotated[
        str | None,
        typer.Argument(metavar="[WORKFLOW]", help="Or a part of its name. Without it: all."),
    ] = None,
    db: Db = DEFAULT_DB,
    steps: Annotated[
        bool, typer.Option("--steps", help="The five responsibilities of each step instead.")
    ] = False,
    format: Annotated[  # noqa: A002
        Format, typer.Option("--format", "-f", help="json and csv have all columns.")
    ] = Format.table,
) -> None:
    """Asynchronous boundaries where nobody handles, undoes, keeps failures or owns the whole.

    A gap is certain where there was an occasion (a failure, a message) and unproven where none was.
    """
    from tracemap import audit as audits

    with open_database(db) as opened:
        found = audits.read(opened, workflow)
    rows = _duties(found) if steps else _gaps(found)
    names = STEP_NAMES if steps else GAP_NAMES
    columns = STEP_COLUMNS if steps else GAP_COLUMNS
    if format is Format.md and not steps:
        write_markdown((Column("WORKFLOW", lambda r: r["workflow"]), *columns), rows)
    elif format is not Format.table:
        write_rows(format, columns, rows, rows, names)
    elif not found:
        out().print("No workflows yet.")
    else:
        for index, one in enumerate(found):
            if index:
                out().print()
            mine = [row for row in rows if row["workflow"] == one.workflow]
            _print(out(), one, mine, columns, steps=steps)


def _gaps(found: Sequence[Audit]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from tracemap import responsibilities

    return [asdict(gap) for one in found for gap in responsibilities.gaps(one)]


def _duties(found: Sequence[Audit]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from tracemap import responsibilities

    return [
        {"workflow": one.workflow, "service": step.service, "name": step.name, **asdict(duty)}
        for one in found
        for step in responsibilities.duties(one)
        for duty in step.duties
    ]


def _print(
    console: Console, one: Audit, rows: Sequence[Row], columns: Sequence[Column], *, steps: bool
) -> None:
    line = Text(clean(one.workflow), style="bold")
    line.append("  ")
    line.append_text(_step_summary(rows) if steps else _gap_summary(one, rows))
    console.print(line, soft_wrap=True)
    if rows:
        console.print()
        print_table(console, columns, rows)


def _gap_summary(one: Audit, rows: Sequence[Row]) -> Text:
    from tracemap.responsibilities import boundaries

    crossings = count(len(boundaries(one)), "asynchronous hand-off")
    certain = sum(row["state"] == "nobody" for row in rows)
    unproven = len(rows) - certain
    if not rows:
        return Text(f"{crossings}, no gap", style="not bold green")
    text = Text(f"{crossings}: ", style="not bold")
    text.append(count(certain, "gap"), style="red" if certain else "green")
    return text.append(f", {unproven} unproven" if unproven else "", style="not bold")


def _step_summary(rows: Sequence[Row]) -> Text:
    nobody = sum(row["state"] == "nobody" for row in rows)
    text = Text(f"{count(len(rows) // 5, 'step')}: ", style="not bold")
    if not nobody:
        return text.append("nobody is missing where there was an occasion", style="green")
    return text.append(f"{count(nobody, 'responsibility', 'responsibilities')} of nobody", "red")


def _state_style(row: Row) -> str:
    return {"nobody": "bold red", "unproven": "dim"}.get(row["state"], "")


def _teams(row: Row) -> str:
    if row["boundary"] is None:
        return "-"
    return f"{row['from_team'] or 'unowned'} » {row['to_team'] or 'unowned'}"


def _holder(row: Row) -> str:
    if row["state"] != "held":
        return "nobody" if row["state"] == "nobody" else "not seen"
    return str(row["holder"] or row["team"])


GAP_NAMES: Final = (
    *("workflow", "kind", "state", "part", "boundary", "from_team", "to_team", "evidence"),
)
GAP_COLUMNS: Final = (
    Column("GAP", lambda r: r["kind"], _state_style, least=20),
    Column("CERTAIN", lambda r: "yes" if r["state"] == "nobody" else "unproven", _state_style, 2),
    Column("WHERE", lambda r: r["boundary"] or "the workflow", least=24, wrap=True),
    Column("OWNERS", _teams, rank=1, least=12, wrap=True),
    Column("EVIDENCE", lambda r: r["evidence"], least=24, wrap=True),
)
STEP_NAMES: Final = (
    *("workflow", "service", "name", "part", "state", "holder", "team", "evidence", "source"),
)
STEP_COLUMNS: Final = (
    Column(
        "STEP",
        lambda r: f"{r['service']} {r['name']}" if r["part"] == "execution" else "",
        "bold",
        least=20,
    ),
    Column("PART", lambda r: r["part"], least=12),
    Column("HOLDER", _holder, _state_style, least=12),
    Column("TEAM", lambda r: r["team"], rank=1, least=8),
    Column("EVIDENCE", lambda r: r["evidence"], least=24, wrap=True),
)
