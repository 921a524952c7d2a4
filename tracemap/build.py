"""One run of the analysis: a cursor in a transaction, and the statements of ``queries/build``."""

from __future__ import annotations

from typing import Any

import duckdb

from tracemap import queries


class Build:
    """Runs statements of ``queries/build`` by name, with bound parameters."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def run(self, name: str, /, **params: object) -> None:
        """Execute the statement; parameters are bound, never pasted."""
        self._execute(name, params)

    def rows(self, name: str, /, **params: object) -> list[tuple[Any, ...]]:
        """Execute the statement and fetch all of its rows."""
        return self._execute(name, params).fetchall()

    def value(self, name: str, /, **params: object) -> int:
        """The one number that the statement selects."""
        row = self._execute(name, params).fetchone()
        return int(row[0]) if row else 0

    def _execute(self, name: str, params: dict[str, object]) -> duckdb.DuckDBPyConnection:
        where = name if "/" in name else f"build/{name}"
        return self.cursor.execute(queries.text(where), params or None)
