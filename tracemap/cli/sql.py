"""``tracemap sql``: one read-only SELECT over the public views."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tracemap.cli.common import DEFAULT_DB, Db, OutputFormat, duration_ns, examples, open_database
from tracemap.cli.output import Format, note
from tracemap.cli.rows import write_any
from tracemap.reads import Limits

EPILOG = examples(
    'tracemap sql "SELECT service, count(*) AS spans FROM spans GROUP BY service"',
    "tracemap sql 'SHOW TABLES'",
)


def sql(
    text: Annotated[
        str, typer.Argument(metavar="SELECT", help="The statement, or - to read it from stdin.")
    ],
    db: Db = DEFAULT_DB,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many rows.")] = (
        10_000
    ),
    timeout: Annotated[str, typer.Option(help="At most this long: 500ms, 30s, 5m.")] = "30s",
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """The rows of one read-only SELECT: spans, executions, steps, handoffs, findings ..."""
    statement = sys.stdin.read() if text == "-" else text
    limits = Limits(rows=limit, seconds=duration_ns(timeout) / 1e9)
    with open_database(db) as opened:
        answer = opened.backend.sql(statement, limits)
    write_any(answer.rows, format)
    if answer.truncated:
        note(f"there are more than {limit:,} rows: raise --limit")
