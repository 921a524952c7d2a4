"""``tracemap keys``: what executions are told apart by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import DEFAULT_DB, Commands, Db, OutputFormat, examples, open_database
from tracemap.cli.output import Format, err, note, out, write_found
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import clean, count, number, percent

EPILOG: Final = examples("tracemap keys", "tracemap keys --format json")
SET_EPILOG: Final = examples(
    "tracemap keys set order.id=orderId,order_id parcel.id",
    "tracemap keys set order.id per tenant.id",
)
AUTO_EPILOG: Final = examples("tracemap keys auto", "tracemap keys auto --db shop.duckdb")

#: Keys and candidates on a screen.
SCREEN: Final = 40

app = typer.Typer(cls=Commands, invoke_without_command=True, epilog=EPILOG)


@app.callback()
def keys(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """The attributes that tell executions apart: chosen ones, candidates, and why."""
    if context.invoked_subcommand is not None:
        return
    with open_database(db) as opened:
        found = opened.keys()
    if format is not Format.table:
        write_found(format, COLUMNS, found)
        return
    rows = found.to_dicts()
    print_keys(out(), rows)
    if len(rows) > SCREEN:
        note(f"{count(len(rows) - SCREEN, 'candidate')} more: --format json")


@app.command("set", epilog=SET_EPILOG)
def set_(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY[=ALIAS,...] [per ATTRIBUTE]...",
            help="Attributes, the most significant first, with other spellings of each; "
            "and within what a key's values are unique.",
        ),
    ],
    db: Db = DEFAULT_DB,
) -> None:
    """Tell executions apart by these attributes instead of discovered ones."""
    from tracemap.settings import KeySetting

    chosen = [KeySetting.parse(text) for text in _together(names)]
    with open_database(db, create=True) as opened:
        settings = opened.backend.settings()
        opened.backend.configure(replace(settings, keys=tuple(chosen)))
        used = {row["name"]: row["executions"] for row in opened.keys().to_dicts()}
        spans = opened.analysis().to_dicts()[0]["spans"]
    told = [_name(k.name, k.per) for k in chosen]
    err().print(f"executions are told apart by {', '.join(told)}")
    for one in chosen:
        if spans and not used.get(one.name):
            err().print(f"  no span carries {clean(one.name)} so far; see tracemap keys")


@app.command("auto", epilog=AUTO_EPILOG)
def auto(db: Db = DEFAULT_DB) -> None:
    """Find the keys from the data again."""
    with open_database(db) as opened:
        settings = opened.backend.settings()
        opened.backend.configure(replace(settings, keys=()))
    err().print("keys are found from the data")


def _together(names: Sequence[str]) -> list[str]:
    """``order.id per tenant.id`` is one key, in one word of the shell or in three."""
    told: list[str] = []
    for name in names:
        if told and (name == "per" or told[-1].endswith(" per")):
            told[-1] += f" {name}"
        else:
            told.append(name)
    return told


def _name(name: str, per: Sequence[str]) -> str:
    return clean(f"{name} per {per[0]}" if per else name)


def print_keys(console: Console, rows: Sequence[Row]) -> None:
    """Which keys were chosen, then every candidate with its numbers."""
    chosen = [_name(row["name"], row["per"]) for row in rows if row["chosen"]]
    if chosen:
        line = Text("Executions are told apart by ")
        console.print(line.append(", ".join(chosen), style="bold"), soft_wrap=True)
    else:
        console.print(
            f"No correlation key: each trace, with those linked to it, is an execution "
            f"({count(len(rows), 'candidate')}).",
            soft_wrap=True,
        )
    if rows:
        console.print()
        print_table(console, COLUMNS, rows[:SCREEN])


def _share(share: float | None) -> str | None:
    return None if share is None else percent(share)


#: A table of keys.
COLUMNS: Final = (
    Column("KEY", lambda r: r["name"], lambda r: "bold" if r["chosen"] else "", least=14),
    Column("CHOSEN", lambda r: "yes" if r["chosen"] else "no"),
    Column("WHY", lambda r: r["reason"], wrap=True, least=30),
    Column("KIND", lambda r: r["kind"], rank=7, least=10),
    Column("ALIASES", lambda r: ", ".join(r["aliases"] or ()) or None, rank=5, least=10),
    Column("PER", lambda r: ", ".join(r["per"] or ()) or None, rank=5, least=10),
    Column("EXECUTIONS", lambda r: number(r["executions"]), rank=2, right=True),
    Column("TRACES", lambda r: number(r["traces"]), rank=2, right=True),
    Column("SERVICES", lambda r: r["services"], rank=3, right=True),
    Column("JOINS", lambda r: _share(r["joins_share"]), rank=4, right=True),
    Column("NAMES", lambda r: _share(r["names_share"]), rank=6, right=True),
    Column("REUSED", lambda r: _share(r["reused_share"]), rank=1, right=True),
)
