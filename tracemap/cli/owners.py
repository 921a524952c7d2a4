"""``tracemap owners``: who is accountable for what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli import gaps
from tracemap.cli.common import DEFAULT_DB, Commands, Db, OutputFormat, examples, open_database
from tracemap.cli.output import Format, err, out, write_found, write_json
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import clean, count
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.ownership import Explanation

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Who is accountable for a service, destination, datastore or workflow, and why.",
    epilog=examples("tracemap owners list --kind destination", "tracemap owners explain payment"),
)

LIST_EPILOG: Final = examples(
    "tracemap owners list", "tracemap owners list --team payments --format json"
)
EXPLAIN_EPILOG: Final = examples(
    "tracemap owners explain payment",
    "tracemap owners explain payment --kind service --format json",
)
LOAD_EPILOG: Final = examples(
    "tracemap owners load ownership.yaml", "tracemap owners load --db shop.duckdb a/ b/"
)
CHECK_EPILOG: Final = examples("tracemap owners check ownership.yaml", "tracemap owners check .")


class Kind(StrEnum):
    """What can have an owner."""

    service = "service"
    destination = "destination"
    datastore = "datastore"
    workflow = "workflow"


@app.command("list", epilog=LIST_EPILOG)
def list_(
    db: Db = DEFAULT_DB,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    team: Annotated[str | None, typer.Option(help="Only what this team owns.")] = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """The owner of everything seen, and by which rule."""
    with open_database(db) as opened:
        found = opened.owners(kind=kind.value if kind else None, team=team)
    if format is Format.table:
        print_owners(out(), found.to_dicts())
    else:
        write_found(format, COLUMNS, found)


@app.command("explain", epilog=EXPLAIN_EPILOG)
def explain(
    name: Annotated[str, typer.Argument(help="A service, destination, datastore or workflow.")],
    db: Db = DEFAULT_DB,
    kind: Annotated[Kind | None, typer.Option(help="Where several things have the name.")] = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """Whose it is and why: the rule, the file and line, and the candidates that lost."""
    if format not in (Format.table, Format.json):
        raise InputError(f"an explanation has no {format.value} form", do="use table or json")
    with open_database(db) as opened:
        found = opened.explain_owner(name, kind.value if kind else None)
    if format is Format.json:
        write_json([_as_json(one) for one in found])
        return
    for index, one in enumerate(found):
        if index:
            out().print()
        print_explanation(out(), one)


@app.command("load", epilog=LOAD_EPILOG)
def load(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files such as ownership.yaml or catalog-info.yaml, folders, checkouts.",
        ),
    ],
    db: Db = DEFAULT_DB,
) -> None:
    """Take in ownership files, and those in folders; each replaces what it declared before."""
    problems: list[str] = []
    unread = 0
    with open_database(db, create=True) as opened:
        for path in paths:
            try:
                found = opened.load_ownership(path)
            except InputError as error:
                found = [str(error)]
                unread += 1
            problems += found
            for problem in found:
                err().print(clean(problem), style="red", soft_wrap=True)
        owned = [row for row in opened.owners().to_dicts() if row["team"]]
    paths_read = count(len(paths) - unread, "path")
    err().print(f"{paths_read} read; {count(len(owned), 'thing')} seen so far have an owner")
    if problems:
        raise typer.Exit(InputError.exit_code)


@app.command("check", epilog=CHECK_EPILOG)
def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, folders and checkouts.")
    ],
) -> None:
    """What is wrong in ownership files, and between them; nothing is stored, no database needed."""
    from tracemap.ownership_check import check as check_files

    found = check_files(paths)
    for problem in found.problems:
        out().print(clean(str(problem)), soft_wrap=True)
    declared = count(len({(d.kind, d.name) for d in found.declarations}), "thing")
    teams = count(len({team.name for team in found.teams}), "team")
    mistakes = count(len(found.problems), "mistake")
    err().print(
        f"{declared} declared, {teams}, {len(found.code_rules):,} lines of code owners: {mistakes}"
    )
    if found.problems:
        raise typer.Exit(InputError.exit_code)


app.command("gaps", epilog=gaps.EPILOG)(gaps.gaps)


def print_owners(console: Console, rows: Sequence[Row]) -> None:
    """How much has no owner, then everything."""
    console.print(summary(rows), soft_wrap=True)
    if rows:
        console.print()
        print_table(console, COLUMNS, rows)


def summary(rows: Sequence[Row]) -> Text:
    """``14 things: 2 without an owner``."""
    if not rows:
        return Text("Nothing seen yet that could have an owner.")
    nobody = sum(row["team"] is None for row in rows)
    line = Text(count(len(rows), "thing"), style="bold")
    line.append(" seen: ", style="not bold")
    if nobody:
        return line.append(f"{nobody:,} without an owner", style="red")
    return line.append("all have an owner", style="green")


def _team_style(row: Row) -> str:
    return "bold" if row["team"] else "bold red"


#: A table of owners.
COLUMNS: Final = (
    Column("KIND", lambda r: r["kind"]),
    Column("NAME", lambda r: r["name"], least=16),
    Column("NAMESPACE", lambda r: r["namespace"], rank=3, least=8),
    Column("TEAM", lambda r: r["team"] or "unowned", _team_style, least=10),
    Column("BY RULE", lambda r: r["rule"], rank=1, least=10),
    Column("SOURCE", lambda r: r["source"], rank=2, least=16),
)


def print_explanation(console: Console, found: Explanation) -> None:
    """``payment (service) belongs to payments: declared in ownership.yaml:12``."""
    line = Text(clean(found.name), style="bold")
    where = f" in {clean(found.namespace)}" if found.namespace else ""
    line.append(f" ({found.kind}{where}) ", style="not bold")
    if found.team:
        line.append("belongs to ", style="not bold")
        line.append(clean(found.team))
    else:
        line.append("has no owner", style="bold red")
    line.append(f": {clean(found.because)}", style="not bold")
    console.print(line, soft_wrap=True)
    for other in found.others:
        text = f"  {other.role}: {other.team} ({other.source})"
        console.print(clean(text), soft_wrap=True, markup=False)
    print_contacts(console, [asdict(contact) for contact in found.contacts])
    for loser in found.losers:
        verb = "agrees" if loser.agrees else "lost"
        console.print(
            f"  {verb}: {clean(loser.team or 'nobody')} by {loser.rule} ({clean(loser.source)})",
            style="dim",
            soft_wrap=True,
        )


def print_contacts(console: Console, contacts: Sequence[Row]) -> None:
    """``channel: #payments``, one a line; ``contacts`` as the findings' JSON has them."""
    for one in contacts:
        title = f" ({one['title']})" if one["title"] else ""
        text = f"  {one['type']}: {one['value']}{title}"
        console.print(clean(text), soft_wrap=True, markup=False)


def _as_json(found: Explanation) -> dict[str, Any]:
    return {**asdict(found), "because": found.because}
