"""The schema of a database: its version, and its making in a file that is still empty."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from tracemap import queries
from tracemap.errors import SchemaVersionError, StoreError

#: Raised with every change of schema ``store``; other versions are refused, never guessed at.
VERSION: Final = "6"


def prepare(connection: duckdb.DuckDBPyConnection, path: Path, *, fresh: bool) -> int:
    """Check the schema's version, or make the schema in a database that is still empty.

    Returns the moment of its creation (ns), which tells it from others.
    """

    def rows(name: str) -> list[tuple[Any, ...]]:
        return connection.execute(queries.text(name)).fetchall()

    with suppress(duckdb.CatalogException):  # where it has none
        meta = dict(rows("store/read_meta"))
        version = meta.get("schema_version", "?")
        if version != VERSION:
            raise SchemaVersionError(
                f"the database has schema version {version}, this tracemap reads {VERSION}",
                where=str(path),
                do="use the tracemap that wrote it, or import its sources into a new --db",
            )
        return int(meta["created_at_ns"])
    if not fresh and rows("store/count_objects") != [(0,)]:
        raise StoreError(
            "this DuckDB file holds other tables and is not a tracemap database",
            where=str(path),
            do="give another --db",
        )
    connection.begin()
    for name in (*queries.room("schema"), *queries.room("macros")):
        connection.execute(queries.text(name))
    created = time.time_ns()
    facts = {"schema_version": VERSION, "created_at_ns": str(created)}
    for name, value in facts.items():
        connection.execute(queries.text("store/insert_meta"), {"name": name, "value": value})
    connection.commit()
    return created
