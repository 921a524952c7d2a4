"""Checking ownership files without a database: ``tracemap owners check``.

Besides what each reader reports, what only shows across files: references to teams and systems that
no file defines, and files that contradict each other. The same statements decide as in resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from tracemap import ownership, queries
from tracemap.declarations import Catalog, Problem, merged
from tracemap.owner_resolution import resolve_declarations

#: The tables that hold what files declare.
_TABLES = (
    *("store_schema", "declaration", "team", "contact", "code_rule", "code_location"),
    *("map_handoff", "map_owner"),
)


def check(paths: Sequence[str | Path]) -> Catalog:
    """What the files at ``paths``, files and folders, declare together, and all that is wrong.

    Raises InputError when there is nothing at a path or a file cannot be read.
    """
    with duckdb.connect() as cursor:
        for name in _TABLES:
            cursor.execute(queries.text(f"schema/{name}"))
        whole = merged([ownership.load(cursor, path) for path in paths])
        resolve_declarations(cursor)
        across = [*_dangling(cursor), *_conflicts(cursor)]
    problems = sorted({*whole.problems, *across}, key=lambda p: (p.path, p.line, p.what))
    return replace(whole, problems=tuple(problems))


def _dangling(cursor: duckdb.DuckDBPyConnection) -> list[Problem]:
    rows = cursor.execute(queries.text("owners/check_dangling")).fetchall()
    return [
        _problem(
            source,
            f"{kind} {name[:80]!r} refers to {written[:80]!r}, which no file defines",
            f"did you mean {near!r}?" if near else "define it, or correct the name",
        )
        for source, kind, name, written, near in rows
    ]


def _conflicts(cursor: duckdb.DuckDBPyConnection) -> list[Problem]:
    rows = cursor.execute(queries.text("owners/check_conflicts")).fetchall()
    return [
        _problem(
            source,
            f"{kind} {name[:80]!r} belongs to {_who(team)} here and to {_who(winner)} in {before}",
            "make them agree; the other one wins",
        )
        for source, kind, name, team, before, winner in rows
    ]


def _who(team: str | None) -> str:
    return repr(team[:80]) if team else "nobody"


def _problem(source: str, what: str, do: str) -> Problem:
    path, _, line = source.rpartition(":")
    return Problem(path, int(line), what, do)
