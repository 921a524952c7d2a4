"""Work on few rows is done by one thread: handing it to others costs more than they save.

Measured with two cores to itself: the analysis of up to 100,000 spans takes a quarter less CPU, and
ends earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from tracemap import queries


@contextmanager
def one_thread(cursor: duckdb.DuckDBPyConnection, *, few: bool) -> Iterator[None]:
    """Where ``few``, the database has each statement run by its caller's thread alone.

    That holds for whoever uses the database meanwhile, so one at a time may ask for it. ``cursor``
    is one of the database, whose transaction is left alone.
    """
    if not few:
        yield
        return
    with cursor.cursor() as apart:
        ((threads,),) = apart.execute(queries.text("store/threads")).fetchall()
        try:
            apart.execute(queries.text("store/threads_bound"), {"threads": 1})
            yield
        finally:
            with suppress(duckdb.ConnectionException):  # the database is closed
                apart.execute(queries.text("store/threads_bound"), {"threads": threads})
