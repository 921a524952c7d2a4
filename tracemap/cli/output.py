"""Where the command line's output goes: data on stdout, everything else on stderr."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any, Final

import orjson
from rich.console import Console

from tracemap.cli.table import Column, print_table
from tracemap.cli.text import clean, escape_json

if TYPE_CHECKING:
    from tracemap.rows import Rows

#: Where nothing says how wide the reader's screen is: a file, a pipe to grep.
UNKNOWN_WIDTH: Final = 160


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    json = "json"
    csv = "csv"
    md = "md"


def out() -> Console:
    """Stdout. Made when needed, because a test or a caller may have replaced the stream."""
    return _console(sys.stdout)


def err() -> Console:
    """stderr: progress, notes, errors."""
    return _console(sys.stderr)


def _console(stream: IO[str]) -> Console:
    known = stream.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(
        file=stream,
        width=None if known else UNKNOWN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def note(text: str) -> None:
    """A remark beside the data."""
    err().print(clean(text), style="dim", soft_wrap=True)


def write_json(value: object) -> None:
    """Indented JSON of one thing; a list has one element a line, so that grep is of use."""
    options = orjson.OPT_NON_STR_KEYS
    if isinstance(value, list):
        lines = [orjson.dumps(v, option=options).decode() for v in value]
        text = "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"
    else:
        text = orjson.dumps(value, option=options | orjson.OPT_INDENT_2).decode()
    sys.stdout.write(escape_json(text) + "\n")


def write_csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """CSV of the contract's columns; lists and objects are JSON in their cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_defused(name) for name in names])
    writer.writerows([[_csv_cell(row[name]) for name in names] for row in rows])
    sys.stdout.write(buffer.getvalue())


def _csv_cell(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _defused(value)
    return escape_json(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode())


def _defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    line = clean(text)
    return f"'{line}" if line.lstrip()[:1] in ("=", "+", "-", "@") else line


def write_markdown(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> None:
    """A Markdown table of the columns that people see."""
    sys.stdout.write(f"| {' | '.join(column.title for column in columns)} |\n")
    sys.stdout.write(f"|{'|'.join(' ---: ' if c.right else ' --- ' for c in columns)}|\n")
    for row in rows:
        cells = [markdown_text(c.value(row)) for c in columns]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


def markdown_text(value: object) -> str:
    """Text that Markdown shows as it is."""
    text = clean("-" if value is None else value)
    for special in "\\`*_[]<>|#~":
        text = text.replace(special, f"\\{special}" if special not in "<>" else _ENTITY[special])
    return text


_ENTITY: Final = {"<": "&lt;", ">": "&gt;"}


def write_found(format: Format, columns: Sequence[Column], found: Rows) -> None:  # noqa: A002
    """Write what was found: ``columns`` of it for people, all of it for machines."""
    if format in (Format.table, Format.md):
        write_rows(format, columns, found.to_dicts(), (), ())
    else:
        write_rows(format, columns, (), found.records(), found.columns)


def write_rows(
    format: Format,  # noqa: A002 - the option's name
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    names: Sequence[str],
) -> None:
    """Write ``rows`` for people, or their ``records`` for machines, as ``format`` says."""
    if format is Format.json:
        write_json(list(records))
    elif format is Format.csv:
        write_csv(records, names)
    elif format is Format.md:
        write_markdown(columns, rows)
    elif rows:
        print_table(out(), columns, rows)
