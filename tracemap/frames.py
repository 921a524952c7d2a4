"""Rows as polars DataFrames."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from tracemap import arrow
from tracemap.errors import InputError
from tracemap.rows import Rows


def of(rows: Rows) -> pl.DataFrame:
    """A frame of the rows: enums and intervals are text, whole decimals are integers.

    Columns of one name get a number. Raises InputError for a type that has no frame.
    """
    try:
        frame = pl.from_arrow(arrow.plain(rows))
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise InputError(
            f"a column has a type that cannot be shown: {error}", do="cast it to VARCHAR"
        ) from error
    assert isinstance(frame, pl.DataFrame)
    return frame
