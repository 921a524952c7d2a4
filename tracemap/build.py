"""One run of the analysis: a cursor in a transaction, and the statements of ``queries/build``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from tracemap import queries

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: What an analysis has in sight. ``whole``: every span; it learns the reference tables, which only
#: all spans together can tell (design section 3). The others take those as they were learned.
#: ``given``: every span. ``part``: what new spans touch (``tracemap.partial``). ``partition``: some
#: of the executions of a larger store, whose reference tables are here. ``past``: what had come of
#: a part at a moment (``tracemap.as_of``).
Sight = Literal["whole", "given", "part", "partition", "past"]

_PARSED: Final[dict[str, duckdb.Statement]] = {}


class Build:
    """Runs statements of ``queries/build`` by name, with bound parameters."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, sight: Sight = "whole") -> None:
        self.cursor = cursor
        self.sight = sight

    @property
    def learning(self) -> bool:
        """Whether reference tables are made anew."""
        return self.sight == "whole"

    @property
    def part(self) -> bool:
        """Whether the overlay of a partial analysis is worked in."""
        return self.sight in ("part", "past")

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

    def table(self, name: str, /, **params: object) -> pa.Table:
        """All rows that the SELECT of that full name gives, as Arrow."""
        return self.cursor.sql(queries.text(name), params=params or None).to_arrow_table()

    def _execute(self, name: str, params: dict[str, object]) -> duckdb.DuckDBPyConnection:
        where = name if "/" in name else f"build/{name}"
        statement = parsed(self.cursor, queries.text(where))
        return self.cursor.execute(statement, params or None)


def parsed(cursor: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """The one statement of ``text``. Each is parsed once in a process, by whichever cursor comes
    first: a parsed statement knows no database, and parsing is a sixth of a small store's analysis.

    Raises duckdb.Error where it cannot be parsed, and ValueError where it is not one statement.
    """
    if text not in _PARSED:
        (_PARSED[text],) = cursor.extract_statements(text)
    return _PARSED[text]
