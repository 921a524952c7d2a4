"""One run of the analysis: a cursor in a transaction, and the statements of ``queries/build``."""

from __future__ import annotations

from typing import Any

import duckdb

from tracemap import queries


class Build:
    """Runs statements of ``queries/build`` by name, with bound parameters.

    ``learning`` says that all spans are in sight: then what only all of them together can tell (the
    reference tables of design section 3) is learned anew. Otherwise it is taken as it was learned.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, learning: bool = True) -> None:
        self.cursor = cursor
        self.learning = learning

    def learn(self, name: str, /, **params: object) -> None:
        """Execute the statement, which makes a reference table, when learning."""
        if self.learning:
            self.run(name, **params)

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
