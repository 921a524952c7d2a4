"""Transactions of a cursor: committed whole or not at all, and what kept one from it in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from tracemap.errors import StoreError
from tracemap.recovery import first_line

#: What DuckDB raises when it could not do what was right to ask.
_FAILED: Final = (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException)


@contextmanager
def transaction(
    cursor: duckdb.DuckDBPyConnection, path: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction of ``cursor``: committed at the end, undone on an error.

    Raises StoreError where the disk or the memory did not suffice; what is wrong with a statement
    is raised as it is.
    """
    cursor.begin()
    try:
        yield cursor
        cursor.commit()
    except _FAILED as error:
        roll_back(cursor)
        raise write_error(path, error) from error
    except BaseException:
        roll_back(cursor)
        raise


def roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    """Undo what ``cursor`` began; a failed commit has already done so."""
    with suppress(duckdb.Error):
        cursor.rollback()


def write_error(path: Path | None, error: duckdb.Error) -> StoreError:
    """What kept DuckDB from writing to ``path``, in words that help."""
    text = first_line(error)
    where = None if path is None else str(path)
    if "no space" in text.lower() or "disk" in text.lower():
        return StoreError("the disk is full", where=where, do="free space; it recovers then")
    return StoreError(f"could not write: {text}", where=where, do="try it again")
