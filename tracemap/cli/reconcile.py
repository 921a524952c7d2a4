"""``tracemap reconcile``: is every execution accounted for? For cron, every night."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tracemap.cli.common import DEFAULT_DB, Db, Since, examples, open_database, since_ns
from tracemap.cli.output import note, write_json
from tracemap.errors import InputError, StoreError

EPILOG = examples(
    "tracemap reconcile --fail-on high",
    "tracemap reconcile --no-save --format json --output report.json",
)


class ReportFormat(StrEnum):
    """How a report is written."""

    md = "md"
    json = "json"


def reconcile(
    db: Db = DEFAULT_DB,
    since: Since = None,
    until: Annotated[
        str | None, typer.Option(help="A time or an age; as far as the data reaches if not given.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Exit with 1 on findings of this severity or worse, or on 'new' or 'any'.",
        ),
    ] = None,
    save: Annotated[
        bool, typer.Option(help="Keep the report; the next one says what is new since.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to stdout.")
    ] = None,
    format: Annotated[  # noqa: A002
        ReportFormat, typer.Option("--format", "-f", help="How the report is written.")
    ] = ReportFormat.md,
) -> None:
    """How many executions are accounted for, what is new, and what each team has to do."""
    from tracemap.report_data import SEVERITIES, exit_code, to_json
    from tracemap.report_markdown import to_markdown

    if fail_on is not None and fail_on not in ("any", "new", *SEVERITIES):
        raise InputError(
            f"{fail_on!r} is nothing to fail on", do=f"one of any, new, {', '.join(SEVERITIES)}"
        )
    with open_database(db) as opened:
        report = opened.reconcile(since=since_ns(since), until=since_ns(until), save=save)
    if output is not None:
        _write(
            output,
            report_text(to_json(report)) if format is ReportFormat.json else (to_markdown(report)),
        )
        note(f"written to {output}")
    elif format is ReportFormat.json:
        write_json(to_json(report))
    else:
        sys.stdout.write(to_markdown(report))
    if code := exit_code(report, fail_on):
        raise typer.Exit(code)


def report_text(value: object) -> str:
    """The report's JSON as it is written to a file."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the report cannot be written: {error.strerror}", where=str(path)
        ) from error
