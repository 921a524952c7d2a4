"""``tracemap query``: named queries for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tracemap.cli.common import DEFAULT_DB, Commands, Db, OutputFormat, examples, open_database
from tracemap.cli.output import Format, out, write_json, write_rows
from tracemap.cli.rows import write_any
from tracemap.cli.table import Column, print_table
from tracemap.cli.text import clean
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.queries import Query

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Named queries: questions that people ask often.",
    epilog=examples("tracemap query list", "tracemap query run slowest_handoffs"),
)

LIST_EPILOG: Final = examples("tracemap query list", "tracemap query list --format json")
SHOW_EPILOG: Final = examples(
    "tracemap query show slowest_handoffs", "tracemap query show waiting_messages"
)
RUN_EPILOG: Final = examples(
    "tracemap query run slowest_handoffs --param limit=5",
    "tracemap query run waiting_messages --format csv",
)


def _complete(incomplete: str) -> list[str]:
    from tracemap import queries

    return [q.name for q in queries.explore() if q.name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(help="As 'query list' has it.", autocompletion=_complete)]


@app.command("list", epilog=LIST_EPILOG)
def list_(format: OutputFormat = Format.table) -> None:  # noqa: A002
    """The queries there are."""
    from tracemap import queries

    found = [_as_json(query) for query in queries.explore()]
    columns = (
        Column("NAME", lambda r: r["name"], "bold"),
        Column("PARAMETERS", lambda r: ", ".join(p["name"] for p in r["params"]) or "-", rank=2),
        Column("WHAT IT ANSWERS", lambda r: r["title"], least=30),
    )
    if format is Format.table:
        print_table(out(), columns, found)
    else:
        names = ["name", "title", "description", "params"]
        write_rows(format, columns, found, found, names)


@app.command("show", epilog=SHOW_EPILOG)
def show(name: Name, format: OutputFormat = Format.table) -> None:  # noqa: A002
    """What a query answers, its parameters and its SQL."""
    from tracemap.queries import explore_query

    query = explore_query(name)
    if format is Format.json:
        write_json({**_as_json(query), "sql": query.sql})
        return
    if format is not Format.table:
        raise InputError(f"a query has no {format.value} form", do="use table or json")
    console = out()
    console.print(query.title, style="bold")
    console.print(query.description)
    console.print()
    if query.params:
        print_table(
            console,
            (
                Column("PARAMETER", lambda r: r["name"], "bold"),
                Column("TYPE", lambda r: r["type"].lower()),
                Column("DEFAULT", lambda r: r["default"]),
                Column("WHAT IT MEANS", lambda r: r["meaning"], wrap=True, least=20),
            ),
            _as_json(query)["params"],
        )
        console.print()
    for line in query.sql.splitlines():
        console.print(clean(line), style="dim", soft_wrap=True)


@app.command("run", epilog=RUN_EPILOG)
def run(
    name: Name,
    db: Db = DEFAULT_DB,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter.")
    ] = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """Run a query."""
    from tracemap import queries

    # Wrong names and values are told before a database is opened.
    params = queries.bindings(queries.explore_query(name).params, _given(param or ()))
    with open_database(db) as opened:
        found = opened.query(name, **params)
    write_any(found, format)


def _given(texts: Sequence[str]) -> dict[str, Any]:
    given = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError(f"{text!r} is no parameter", do="write --param NAME=VALUE")
        given[name.strip()] = value
    return given


def _as_json(query: Query) -> dict[str, Any]:
    return {
        "name": query.name,
        "title": query.title,
        "description": query.description,
        "params": [
            {"name": p.name, "type": p.type, "default": p.default, "meaning": p.meaning}
            for p in query.params
        ],
    }
