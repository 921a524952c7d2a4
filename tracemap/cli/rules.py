"""``tracemap rules``: what is looked for, tracemap's rules and those of the user's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tracemap.cli.common import DEFAULT_DB, Commands, Db, OutputFormat, examples, open_database
from tracemap.cli.findings import severity_style
from tracemap.cli.output import Format, note, out, write_rows
from tracemap.cli.table import Column, print_table
from tracemap.cli.text import clean, count

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="What is looked for: tracemap's rules, and those of your own.",
    epilog=examples("tracemap rules list", "tracemap rules load rules/"),
)

LIST_EPILOG: Final = examples("tracemap rules list", "tracemap rules list --format json")
LOAD_EPILOG: Final = examples(
    "tracemap rules load rules/", "tracemap rules load rules/ --db shop.duckdb"
)
CLEAR_EPILOG: Final = examples("tracemap rules clear", "tracemap rules clear --db shop.duckdb")


@app.command("list", epilog=LIST_EPILOG)
def list_(db: Db = DEFAULT_DB, format: OutputFormat = Format.table) -> None:  # noqa: A002
    """The rules, how much each finds now, and which of your own are set aside."""
    with open_database(db) as opened:
        found = _rules(opened)
    columns = (
        Column("RULE", lambda r: r["code"], "bold"),
        Column("FAMILY", lambda r: r["family"], rank=2),
        Column("SEVERITY", lambda r: r["severity"], severity_style),
        Column("FINDS", lambda r: r["findings"] or None, right=True),
        Column("OF", lambda r: "your own" if r["own"] else "tracemap", rank=1),
        Column("WHAT", lambda r: r["title"], least=24, wrap=True),
    )
    if format is not Format.table:
        write_rows(format, columns, found, found, list(found[0]))
        return
    print_table(out(), columns, found)
    tell_aside(found)


@app.command("load", epilog=LOAD_EPILOG)
def load(
    folder: Annotated[Path, typer.Argument(help="A folder of rules, one .sql file each.")],
    db: Db = DEFAULT_DB,
) -> None:
    """Run the rules of a folder from now on, in place of those of your own loaded before.

    Each is tried first; when one of them cannot be run, none is taken.
    """
    with open_database(db) as opened:
        codes = opened.load_rules(folder)
        found = {rule["code"]: rule["findings"] for rule in _rules(opened)}
    for code in codes:
        out().print(f"{code}: {count(found[code], 'finding')}", soft_wrap=True)


@app.command("clear", epilog=CLEAR_EPILOG)
def clear(db: Db = DEFAULT_DB) -> None:
    """Run no rules of your own any more; what they found is over."""
    with open_database(db) as opened:
        settings = opened.backend.settings()
        opened.backend.configure(replace(settings, rules=()))
    out().print(f"{count(len(settings.rules), 'rule')} of your own taken out", soft_wrap=True)


def tell_aside(rules: list[dict[str, Any]]) -> None:
    """Which rules are not run any more, and why."""
    for rule in rules:
        if rule["aside"]:
            note(f"{rule['code']} is set aside: {clean(rule['aside'])}")


def _rules(opened: PlainTracemap) -> list[dict[str, Any]]:
    from tracemap import queries

    ours = {rule.code for rule in queries.rules()}
    findings = Counter(opened.findings().column("rule"))
    # After the findings: what fails while they are made is set aside.
    aside = {rule.name: rule.aside for rule in opened.backend.settings().rules}
    return [
        {
            "code": rule.code,
            "title": rule.title,
            "family": rule.family,
            "severity": rule.severity,
            "findings": findings[rule.code],
            "own": rule.code not in ours,
            "aside": None if rule.code in ours else aside.get(rule.name) or None,
        }
        for rule in opened.rules()
    ]
