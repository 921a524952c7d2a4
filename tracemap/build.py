"""One run of the analysis: a cursor in a transaction, and the statements of ``queries/build``.

Of a small store, and of a part, planning costs more than the rows do. A statement that makes
nothing unless some tables have rows names them in a line ``-- needs: b_taken, derived.message``.
It is not run where this run left one of them empty; what it would create is made empty instead:
the first time in a process by the statement itself, without its rows, later without planning it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

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
#: Table -> the statement that makes it empty, once a run of this process has made it.
_EMPTY: Final[dict[str, str]] = {}

_NEEDS: Final = re.compile(r"^-- needs: (.+)$", re.MULTILINE)
_MAKES: Final = re.compile(
    r"^(CREATE|INSERT) (?:OR REPLACE )?(?:TEMP )?(?:TABLE|INTO) ([a-z_.]+)( AS\b)?", re.MULTILINE
)


class _Plan(NamedTuple):
    """What a statement needs and makes, as its text says."""

    needs: frozenset[str]
    table: str | None  # that it creates or adds to
    creates: bool
    fills: bool


@cache
def _plan(text: str) -> _Plan:
    needs = _NEEDS.search(text)
    makes = _MAKES.search(text)
    names = frozenset(needs[1].split(", ")) if needs else frozenset()
    if not makes:
        return _Plan(names, None, creates=False, fills=False)
    creates = makes[1] == "CREATE"
    return _Plan(names, makes[2], creates, fills=not creates or makes[3] is not None)


class Build:
    """Runs statements of ``queries/build`` by name, with bound parameters."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, sight: Sight = "whole") -> None:
        self.cursor = cursor
        self.sight = sight
        self._empty: set[str] = set()
        self._made: set[str] = set()

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
        """Execute the statement, but for one that needs rows where there are none; parameters are
        bound, never pasted."""
        plan = _plan(_text(name))
        if plan.needs.isdisjoint(self._empty):
            self._note(plan, self._execute(name, params))
        elif plan.table is not None and plan.creates and plan.table not in self._empty:
            self._make_empty(plan.table, name, params)

    def forget(self) -> None:
        """Tables that were made are gone, and others of their names are in sight."""
        self._empty.clear()
        self._made.clear()

    def remember(self) -> None:
        """Learn from the tables that were made how to make them empty."""
        if not self._made.issubset(_EMPTY):
            for name, statement in self.rows("build/tables"):
                if name in self._made:
                    _EMPTY[name] = statement

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
        return self.cursor.execute(parsed(self.cursor, _text(name)), params or None)

    def _note(self, plan: _Plan, answer: duckdb.DuckDBPyConnection) -> None:
        """Keep in mind whether the table has rows."""
        if plan.table is None:
            return
        if plan.creates:
            self._made.add(plan.table)
        row = answer.fetchone() if plan.fills else None
        if row and row[0]:
            self._empty.discard(plan.table)
        elif plan.creates:
            self._empty.add(plan.table)

    def _make_empty(self, table: str, name: str, params: dict[str, object]) -> None:
        """Leave the table as the statement would, were it run."""
        if table in _EMPTY:
            self.cursor.execute(parsed(self.cursor, _EMPTY[table]))
        else:
            planned = parsed(self.cursor, f"{_text(name)}\nWITH NO DATA")
            self.cursor.execute(planned, params or None)
        self._made.add(table)
        self._empty.add(table)


def _text(name: str) -> str:
    return queries.text(name if "/" in name else f"build/{name}")


def parsed(cursor: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """The one statement of ``text``. Each is parsed once in a process, by whichever cursor comes
    first: a parsed statement knows no database, and parsing is a sixth of a small store's analysis.

    Raises duckdb.Error where it cannot be parsed, and ValueError where it is not one statement.
    """
    if text not in _PARSED:
        (_PARSED[text],) = cursor.extract_statements(text)
    return _PARSED[text]
