"""Rows of a query nobody knows the columns of: a table made from the frame itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import orjson

from tracemap.cli.output import Format, out, write_rows
from tracemap.cli.table import Column
from tracemap.cli.text import clean, duration, short_id

if TYPE_CHECKING:
    import polars as pl


def write_frame(frame: pl.DataFrame, format: Format) -> None:  # noqa: A002
    """Print any frame; in a table ids are shortened and ``*_ns`` columns are durations."""
    from tracemap.frames import records

    if format is Format.table and frame.is_empty():
        out().print("No rows.")
        return
    people = format in (Format.table, Format.md)
    found = records(frame)
    write_rows(format, columns(frame), frame.to_dicts() if people else found, found, frame.columns)


def columns(frame: pl.DataFrame) -> tuple[Column, ...]:
    """A column each, of which the last are left out first."""
    return tuple(
        Column(
            name.removesuffix("_ns").upper(),
            _cell(name),
            rank=index,
            least=10,
            right=kind.is_numeric(),
        )
        for index, (name, kind) in enumerate(frame.schema.items())
    )


def _cell(name: str) -> Any:
    def value(row: Any) -> str | None:
        found = row[name]
        if found is None:
            return None
        if name.endswith("_ns") and isinstance(found, int | float):
            return duration(found)
        if isinstance(found, float):
            return f"{found:.4g}"
        if isinstance(found, dt.datetime):
            return f"{found:%Y-%m-%d %H:%M:%S}"
        if isinstance(found, list) and all(isinstance(v, str) for v in found):
            return ", ".join(short_id(v) for v in found)
        if isinstance(found, dict | list):
            return clean(orjson.dumps(found, default=str).decode())
        return short_id(str(found)) if isinstance(found, str) else str(found)

    return value
