"""Rows on their way out: Arrow to polars, and polars to the JSON of the command line.

One place, so that a frame is the same whether a server sent it or this process read it, and JSON
is the same whoever prints it: absent is null, times RFC 3339 in UTC, ids as the views give them.
"""

from __future__ import annotations

import io
import json
from typing import Any, Final

import polars as pl
import pyarrow as pa

from tracemap.errors import InputError, ServerError

#: Columns of the views that hold JSON text; in JSON output they are objects, not text.
JSON_COLUMNS: Final = frozenset({"attributes", "resource", "evidence", "losers"})
#: chrono's %.f: no, 3, 6 or 9 digits, as many as the time needs.
_RFC3339: Final = "%Y-%m-%dT%H:%M:%S%.fZ"


def from_arrow(table: pa.Table) -> pl.DataFrame:
    """A frame of what DuckDB returned.

    Enums become text, whole decimals (sums, HUGEINT) become integers where they fit, intervals
    become text. Columns of one name get a number. Raises InputError for a type that has no
    frame.
    """
    names = _distinct(table.column_names)
    columns = [_column(table.column(i)) for i in range(table.num_columns)]
    try:
        frame = pl.from_arrow(pa.table(columns, names=names))
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise InputError(
            f"a column has a type that cannot be shown: {error}", do="cast it to VARCHAR"
        ) from error
    assert isinstance(frame, pl.DataFrame)
    return frame


def _distinct(names: list[str]) -> list[str]:
    seen: set[str] = set()
    distinct = []
    for name in names:
        candidate, number = name, 1
        while candidate in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate)
        distinct.append(candidate)
    return distinct


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_interval(kind):
        return pa.array([_interval(v) for v in column.to_pylist()], pa.string())
    if pa.types.is_decimal(kind) and kind.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    return column


def _interval(value: Any) -> str | None:
    """A month_day_nano tuple as people write it: ``1 month 2 days 00:00:03.5``."""
    if value is None:
        return None
    months, days, nanoseconds = value
    parts = [f"{months} months"] if months else []
    parts += [f"{days} days"] if days else []
    if nanoseconds or not parts:
        sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
        minutes, rest = divmod(rest, 60 * 10**9)
        clock = f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest // 10**9:02}"
        fraction = f".{rest % 10**9:09}".rstrip("0") if rest % 10**9 else ""
        parts.append(clock + fraction)
    return " ".join(parts)


def to_ipc(frame: pl.DataFrame) -> bytes:
    """The frame as an Arrow IPC stream."""
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return buffer.getvalue()


def from_ipc(body: bytes) -> pl.DataFrame:
    """What ``to_ipc`` wrote. Raises ServerError when it is something else."""
    try:
        return pl.read_ipc_stream(io.BytesIO(body))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ServerError(f"the server's answer is no Arrow stream: {error}") from error


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON values: the output contract of design section 11."""
    ready = frame.with_columns(
        _plain(pl.col(name), kind).alias(name)
        for name, kind in frame.schema.items()
        if _plain_needed(kind)
    )
    rows = ready.to_dicts()
    parsed = [n for n, k in frame.schema.items() if n in JSON_COLUMNS and k == pl.String]
    for row in rows:
        for name in parsed:
            row[name] = _parsed(row[name])
    return rows


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain_needed(kind: pl.DataType) -> bool:
    if isinstance(kind, pl.List | pl.Array):
        return _plain_needed(kind.inner)  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return any(_plain_needed(f.dtype) for f in kind.fields)  # type: ignore[arg-type]
    return isinstance(kind, pl.Datetime | pl.Date | pl.Time | pl.Duration | pl.Decimal | pl.Binary)


def _plain(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """The expression that makes JSON's types out of polars' own."""
    if not _plain_needed(kind):
        return value
    if isinstance(kind, pl.Datetime):
        utc = value.dt.convert_time_zone("UTC") if kind.time_zone else value
        return utc.dt.replace_time_zone(None).dt.strftime(_RFC3339)
    if isinstance(kind, pl.Decimal):
        return value.cast(pl.Float64)
    if isinstance(kind, pl.Binary):
        return value.bin.encode("hex")
    if isinstance(kind, pl.List | pl.Array):
        inner: Any = kind.inner
        return value.cast(pl.List(inner)).list.eval(_plain(pl.element(), inner))
    if isinstance(kind, pl.Struct):
        fields: list[Any] = list(kind.fields)
        parts = [_plain(value.struct.field(f.name), f.dtype).alias(f.name) for f in fields]
        return pl.when(value.is_null()).then(None).otherwise(pl.struct(parts))
    return value.cast(pl.String)
