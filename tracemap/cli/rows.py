"""Rows of a query nobody knows the columns of: a table made from the rows themselves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import orjson

from tracemap.cli.output import Format, out, write_found
from tracemap.cli.table import Column
from tracemap.cli.text import clean, duration, short_id

if TYPE_CHECKING:
    from tracemap.rows import Rows


def write_any(found: Rows, format: Format) -> None:  # noqa: A002
    """Print any rows; in a table ids are shortened and ``*_ns`` columns are durations."""
    if format is Format.table and found.is_empty():
        out().print("No rows.")
        return
    write_found(format, columns(found), found)


def columns(found: Rows) -> tuple[Column, ...]:
    """A column each, of which the last are left out first."""
    return tuple(
        Column(
            name.removesuffix("_ns").upper(),
            _cell(name),
            rank=index,
            least=10,
            right=numeric,
        )
        for index, (name, numeric) in enumerate(zip(found.columns, found.numeric, strict=True))
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
            return clean(orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS).decode())
        return short_id(str(found)) if isinstance(found, str) else str(found)

    return value
