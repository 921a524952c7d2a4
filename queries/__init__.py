"""Every SQL statement of tracemap, found by name: ``text("build/membership")``.

A *room* is a folder; ``rooms.py``, with ``rooms_store.py`` and ``rooms_partial.py``, names its
statements in the order in which they run. ``detect`` and ``explore`` are open rooms: any file with
a valid header belongs to them, ours or a user's own (see ``rules``, ``explore``).

``check()`` compares names and files in both directions, so that a file nobody sequenced, or a name
nobody wrote, fails at start and not in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from tracemap.errors import InputError, NotFoundError, RegistryError
from tracemap.queries import header
from tracemap.queries.header import Param, Query, Rule, Value
from tracemap.queries.rooms import (
    API,
    BUILD,
    GUARD,
    LIFECYCLE,
    OPEN,
    OWNERS,
    OWNERSHIP,
    REPORT,
    ROOMS,
    RULE_PARAMS,
    VIEWS,
)
from tracemap.queries.rooms_store import STORE

__all__ = [
    "API",
    "BUILD",
    "GUARD",
    "LIFECYCLE",
    "OPEN",
    "OWNERS",
    "OWNERSHIP",
    "REPORT",
    "ROOMS",
    "RULE_PARAMS",
    "STORE",
    "VIEWS",
    "Param",
    "Query",
    "Rule",
    "Value",
    "bindings",
    "check",
    "explore",
    "explore_query",
    "room",
    "rules",
    "text",
]

_HERE: Final = Path(__file__).parent


def text(name: str) -> str:
    """The statement of ``queries/<room>/<name>.sql``, header and comments included.

    ``name`` is ``"room/name"``. Raises NotFoundError when there is no such name.
    """
    return _read(name)


@cache
def _read(name: str) -> str:
    where, _, stem = name.partition("/")
    if stem not in (ROOMS[where] if where in ROOMS else _stems(_HERE / where, where)):
        raise _unknown(name)
    path = _HERE / where / f"{stem}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _without_file(name) from None


def room(name: str) -> tuple[str, ...]:
    """The full names of a room's statements, in order: ``("schema/spans", ...)``."""
    if name in ROOMS:
        return tuple(f"{name}/{stem}" for stem in ROOMS[name])
    if name in OPEN:
        return tuple(f"{name}/{stem}" for stem in _stems(_HERE / name, name))
    raise NotFoundError(f"there is no room {name!r} in queries/")


def rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """The rules, by code: ours, or those in a user's own ``folder``.

    Raises InputError for a header that does not say what it must, or a code used twice.
    """
    found = sorted(_rules(folder or _HERE / "detect"), key=lambda rule: rule.code)
    for first, second in pairwise(found):
        if first.code == second.code:
            raise InputError(f"{first.code} is also the code of {first.where}", where=second.where)
    return tuple(found)


def explore(folder: Path | None = None) -> tuple[Query, ...]:
    """The named queries for people, by name: ours, or those in a user's own ``folder``."""
    return _queries(folder or _HERE / "explore")


def explore_query(name: str) -> Query:
    """The named query for people. Raises NotFoundError with the nearest name."""
    known = {query.name: query for query in explore()}
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        raise NotFoundError(
            f"there is no query {name!r}",
            do=f"did you mean {near[0]!r}?" if near else "see 'tracemap query list'",
        )
    return known[name]


@cache
def _rules(folder: Path) -> tuple[Rule, ...]:
    return tuple(
        header.rule(stem, content, where, RULE_PARAMS) for stem, content, where in _files(folder)
    )


@cache
def _queries(folder: Path) -> tuple[Query, ...]:
    return tuple(header.query(stem, content, where) for stem, content, where in _files(folder))


def bindings(params: tuple[Param, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """What to bind: the defaults, overridden by what was ``given``.

    Text given for a number or a truth value is read as one. Raises InputError for a name the
    query does not have, a value of the wrong type, or a required parameter that is missing.
    """
    known = {param.name: param for param in params}
    for name in given:
        if name not in known:
            raise InputError(
                f"there is no parameter {name!r}",
                do=f"the parameters are {', '.join(known)}" if known else "it takes none",
            )
    if missing := [p.name for p in params if p.required and p.name not in given]:
        raise InputError(f"the parameter {missing[0]!r} has no value", do=f"give {missing[0]}=...")
    bound: dict[str, Value] = {param.name: param.default for param in params}
    for name, value in given.items():
        bound[name] = known[name].read(value) if isinstance(value, str) else value
    return bound


def check() -> None:
    """Compare names and files in both directions; read every header.

    Raises RegistryError that lists everything found wrong, not only the first.
    """
    wrong = [
        f"queries/{path.name}/ is not a room: add it to ROOMS in queries/rooms.py"
        for path in sorted(_HERE.iterdir())
        if path.is_dir() and path.name not in {*ROOMS, *OPEN} and path.name[0] not in "_."
    ]
    for name, names in ROOMS.items():
        wrong += _room_differences(name, names)
    for name in OPEN:
        wrong += _header_errors(name)
    if wrong:
        raise RegistryError("queries and their names differ:\n  " + "\n  ".join(wrong))


def _room_differences(name: str, names: tuple[str, ...]) -> list[str]:
    wrong = [
        f"{name}/{stem} is named twice" for stem in sorted(set(names)) if names.count(stem) > 1
    ]
    files = _stems(_HERE / name, name)
    wrong += [str(_without_file(f"{name}/{stem}")) for stem in names if stem not in files]
    for stem in files:
        where = f"queries/{name}/{stem}.sql"
        if stem not in names:
            wrong.append(f"{where} is not named: add it to {name.upper()} in queries/rooms*.py")
        elif error := _not_one_statement(_HERE / name / f"{stem}.sql", where):
            wrong.append(error)
    wrong += _strays(_HERE / name, name)
    return wrong


def _not_one_statement(path: Path, where: str) -> str | None:
    try:
        header.statement(path.read_text(encoding="utf-8"), where)
    except InputError as error:
        return str(error)
    return None


def _header_errors(name: str) -> list[str]:
    wrong = _strays(_HERE / name, name)
    codes: dict[str, str] = {}
    for stem, content, where in _files(_HERE / name):
        try:
            if name == "explore":
                header.query(stem, content, where)
                continue
            code = header.rule(stem, content, where, RULE_PARAMS).code
        except InputError as error:
            wrong.append(str(error))
            continue
        if codes.setdefault(code, where) != where:
            wrong.append(f"{where}: {code} is also the code of {codes[code]}")
    return wrong


def _strays(folder: Path, name: str) -> list[str]:
    if not folder.is_dir():
        return []
    return [
        f"queries/{name}/{path.name} is not a .sql file"
        for path in sorted(folder.iterdir())
        if path.suffix != ".sql" and not path.name.startswith((".", "_"))
    ]


def _stems(folder: Path, name: str) -> tuple[str, ...]:
    if (name not in ROOMS and name not in OPEN) or not folder.is_dir():
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*.sql")))


def _files(folder: Path) -> list[tuple[str, str, str]]:
    """(name, text, where) of each .sql file of a folder, by name."""
    ours = folder.parent == _HERE
    if not folder.is_dir():
        if ours:
            return []
        raise InputError("there is no such folder", where=str(folder))
    return [
        (
            path.stem,
            path.read_text(encoding="utf-8"),
            f"queries/{folder.name}/{path.name}" if ours else str(path),
        )
        for path in sorted(folder.glob("*.sql"))
    ]


def _unknown(name: str) -> NotFoundError:
    names = [full for where in (*ROOMS, *OPEN) for full in room(where)]
    near = get_close_matches(name, names, n=1)
    return NotFoundError(
        f"there is no query {name!r}", do=f"did you mean {near[0]!r}?" if near else None
    )


def _without_file(name: str) -> RegistryError:
    return RegistryError(f"{name} is named in queries/rooms*.py, but queries/{name}.sql is absent")
