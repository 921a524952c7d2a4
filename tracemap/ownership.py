"""Who owns what, and why: reading declarations, resolving them, explaining the answer.

Files are found and read by ``tracemap.catalogs``, one module a format, each giving the same rows;
resolution (``owner_resolution``) knows no formats.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tracemap import queries
from tracemap.catalogs import finding
from tracemap.catalogs.finding import SourceFile
from tracemap.declarations import Catalog, ContactType, Declaration, Kind, Problem, Team, merged
from tracemap.errors import NotFoundError
from tracemap.owner_resolution import resolve_owners

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = [
    "Catalog",
    "Declaration",
    "Explanation",
    "Loser",
    "Other",
    "Problem",
    "Reach",
    "SourceFile",
    "Team",
    "explain",
    "explanations",
    "forget",
    "keep",
    "load",
    "read",
    "resolve_owners",
]

#: How an owner was found; the ``rule`` column of the view ``owners``.
RuleName = Literal[
    "declared",
    "declared-unowned",
    "catalog",
    "resource-attribute",
    "codeowners",
    "inherited",
    "namespace-hint",
    "dangling-reference",
    "event-producer",
    "command-receiver",
    "dead-letter-consumer",
    "only-producer",
    "only-consumer",
    "only-user",
    "orchestrator",
    "started-by",
    "external",
    "no-identity",
    "no-match",
]

#: What each rule says, for people. ``{team}`` and ``{source}`` are those of the answer.
_BECAUSE: Final[dict[RuleName, str]] = {
    "declared": "declared in {source}",
    "declared-unowned": "declared in {source} to have no owner",
    "catalog": "a catalog says so: {source}",
    "resource-attribute": "its spans say so: {source}",
    "codeowners": "its code belongs to them: {source}",
    "inherited": "what it is part of belongs to them: {source}",
    "dangling-reference": "who is named as its owner is not known: {source}",
    "namespace-hint": "a hint only: it is the service's namespace",
    "event-producer": "an event belongs to its producer: {source}",
    "command-receiver": "a command belongs to its receiver: {source}",
    "dead-letter-consumer": "a dead-letter queue belongs to its consumer: {source}",
    "only-producer": "nobody was seen receiving from it: {source}",
    "only-consumer": "nobody was seen publishing to it: {source}",
    "only-user": "only services of this team use it: {source}",
    "orchestrator": "a workflow belongs to its orchestrator: {source}",
    "started-by": "a workflow without an orchestrator belongs to who starts it: {source}",
    "external": "it sends no telemetry, and no file declares it",
    "no-identity": "unknown_service is the SDK's default name, not a service: set service.name",
    "no-match": "no file declares it, and none of its spans names a team",
}


@dataclass(frozen=True, slots=True)
class Loser:
    """A candidate that did not win. ``agrees``: it names the same team as the one that did."""

    team: str | None
    source: str | None  # path:line, or what was seen
    rule: RuleName
    agrees: bool


@dataclass(frozen=True, slots=True)
class Other:
    """A team that has to do with a thing without being accountable for it."""

    team: str
    role: str  # such as operator, or code owner
    source: str  # path:line


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to reach the owner, or a link that helps. ``of``: the team, or the kind of thing."""

    type: ContactType
    value: str
    title: str | None
    of: str
    source: str  # path:line


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing's owner and why. ``team`` is null for an unowned one; ``rule`` tells which kind."""

    kind: Kind
    name: str
    namespace: str | None  # of a destination: its messaging system
    team: str | None
    source: str | None  # path:line, or what was seen
    rule: RuleName
    losers: tuple[Loser, ...]
    channel: str | None  # the first of each in ``contacts``
    runbook: str | None
    email: str | None = None
    pager: str | None = None
    others: tuple[Other, ...] = ()
    contacts: tuple[Reach, ...] = ()

    @property
    def because(self) -> str:
        """The rule as a plain sentence, without a full stop."""
        text = _BECAUSE[self.rule].format(source=self.source, team=self.team)
        if self.team is None and self.rule not in _WITHOUT_TEAM:
            return f"{text}, which has no owner"
        return text


_WITHOUT_TEAM: Final = frozenset(
    ["declared-unowned", "dangling-reference", "external", "no-identity", "no-match"]
)


def read(path: str | Path) -> Catalog:
    """What the file, or the files in the folder, at ``path`` declare and what is wrong with them.

    Raises InputError when there is nothing at ``path`` or the file cannot be read.
    """
    found = finding.find(path)
    return _whole(found, [finding.read(file) for file in found.files])


def load(cursor: duckdb.DuckDBPyConnection, path: str | Path) -> Catalog:
    """Store what the file at ``path`` declares, in place of what it declared before; of a folder
    or a repository checkout, every ownership file in it.

    A file that is not usable as a whole changes nothing: a typing slip must not turn every
    service into an unowned one. A file that is gone from a folder declares nothing any more. The
    caller shows ``problems`` and refreshes the analysis. Opens a transaction of its own. Raises
    InputError when there is nothing at ``path`` or the file cannot be read.
    """
    found = finding.find(path)
    return _whole(found, keep(cursor, found.files, folder=found.folder))


def keep(
    cursor: duckdb.DuckDBPyConnection,
    files: Iterable[SourceFile],
    *,
    folder: str | None = None,
    present: Iterable[str] = (),
) -> list[Catalog]:
    """Store what ``files`` declare as ``load`` does, wherever they were read; returns what each
    says.

    Of ``folder``, whatever is neither among ``files`` nor ``present`` is forgotten.
    """
    read_files = [(file.path, finding.read(file)) for file in files]
    replaced = {os.path.realpath(path) for path, catalog in read_files if catalog.usable}
    kept = {os.path.realpath(path) for path, _ in read_files}
    kept |= {os.path.realpath(path) for path in present}
    inside = None if folder is None else os.path.realpath(folder)

    def gone(stored: str) -> bool:
        return stored in replaced or (
            inside is not None and stored not in kept and Path(stored).is_relative_to(inside)
        )

    whole = merged(catalog for _, catalog in read_files if catalog.usable)
    with _transaction(cursor):
        _delete(cursor, gone)
        for name, rows in _tables(whole):
            _insert(cursor, name, rows)
    return [catalog for _, catalog in read_files]


def forget(cursor: duckdb.DuckDBPyConnection, path: str | Path) -> None:
    """Remove what the file, or the files in the folder, at ``path`` declared; nothing need exist
    there any more."""
    real = os.path.realpath(path)
    with _transaction(cursor):
        _delete(cursor, lambda stored: Path(stored).is_relative_to(real))


def _whole(found: finding.Found, catalogs: Iterable[Catalog]) -> Catalog:
    return (
        merged([Catalog(problems=tuple(found.problems)), *catalogs])
        if found.folder
        else (merged(catalogs))
    )


def explain(
    cursor: duckdb.DuckDBPyConnection, name: str, kind: Kind | None = None
) -> tuple[Explanation, ...]:
    """The owners of everything called ``name``: a service in each namespace, a destination ...

    Raises NotFoundError, with names that are near, when nothing seen has that name.
    """
    rows = cursor.execute(queries.text("owners/explain"), {"name": name, "kind": kind}).fetchall()
    if not rows:
        known = [row[0] for row in cursor.execute(queries.text("owners/names")).fetchall()]
        near = get_close_matches(name[:200], known, n=1)
        raise NotFoundError(
            f"nothing called {name!r} was seen" + (f" as a {kind}" if kind else ""),
            do=f"did you mean {near[0]!r}?" if near else "see 'tracemap owners list'",
        )
    return explanations(rows)


def explanations(rows: Iterable[tuple[object, ...]]) -> tuple[Explanation, ...]:
    """Rows of ``owners/explain`` as explanations, wherever they were read."""
    return tuple(_explanation(row) for row in rows)


def _explanation(row: tuple[object, ...]) -> Explanation:
    kind, name, namespace, team, source, rule, losers, others, contacts = row
    reached = tuple(Reach(**one) for one in json.loads(str(contacts)))
    first: dict[str, str] = {}
    for one in reached:
        first.setdefault(one.type, one.value)
    return Explanation(
        kind=kind,  # type: ignore[arg-type]
        name=str(name),
        namespace=_text(namespace),
        team=_text(team),
        source=_text(source),
        rule=rule,  # type: ignore[arg-type]
        losers=tuple(Loser(**loser) for loser in json.loads(str(losers))),
        channel=first.get("channel"),
        runbook=first.get("runbook"),
        email=first.get("email"),
        pager=first.get("pager"),
        others=tuple(Other(**one) for one in json.loads(str(others))),
        contacts=reached,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@contextmanager
def _transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    cursor.begin()
    try:
        yield
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise


def _delete(cursor: duckdb.DuckDBPyConnection, gone: Callable[[str], bool]) -> None:
    """Remove the rows of files whose real path is ``gone``, however their path was spelled."""
    stored = [path for (path,) in cursor.execute(queries.text("owners/paths")).fetchall()]
    paths = [path for path in stored if gone(os.path.realpath(path))]
    for name in _ROWS if paths else ():
        cursor.execute(queries.text(f"owners/delete_{name}"), {"paths": paths})


#: Table -> its columns; the rows are dataclasses of ``declarations`` with fields of these names,
#: their types by Arrow's names (a list is one of texts).
_TEXT: Final = "string"
_TEXTS: Final = "list"
_ROWS: Final[dict[str, dict[str, str]]] = {
    "declarations": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("kind", "name", "namespace", "system", "team", "role", "type"), _TEXT),
        "unowned": "bool",
        "format": _TEXT,
        "entity": _TEXT,
        "parents": _TEXTS,
        "fit": "int8",
    },
    "teams": {
        "path": _TEXT,
        "line": "int32",
        "aliases": _TEXTS,
        **dict.fromkeys(("name", "channel", "runbook", "email", "pager", "format"), _TEXT),
    },
    "contacts": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("type", "value", "title", "team", "entity"), _TEXT),
    },
    "code_rules": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("repository", "pattern"), _TEXT),
        "owners": _TEXTS,
    },
    "code_locations": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("repository", "folder", "service", "namespace", "root"), _TEXT),
    },
    "map_handoffs": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("workflow", "from_service", "from_name"), _TEXT),
        **dict.fromkeys(("to_service", "to_name", "type"), _TEXT),
    },
    "map_owners": {
        "path": _TEXT,
        "line": "int32",
        **dict.fromkeys(("kind", "name", "namespace", "team"), _TEXT),
    },
}


def _tables(catalog: Catalog) -> Iterator[tuple[str, pa.Table]]:
    import pyarrow as pa

    texts = pa.list_(pa.string())
    for name, columns in _ROWS.items():
        rows: Sequence[object] = getattr(catalog, name)
        if rows:
            yield (
                name,
                pa.table(
                    {
                        column: pa.array(
                            [getattr(row, column) for row in rows],
                            texts if kind == _TEXTS else pa.type_for_alias(kind),
                        )
                        for column, kind in columns.items()
                    }
                ),
            )


def _insert(cursor: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    cursor.register(f"incoming_{name}", rows)
    try:
        cursor.execute(queries.text(f"owners/insert_{name}"))
    finally:
        cursor.unregister(f"incoming_{name}")
