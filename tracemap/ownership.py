"""Who owns what, and why: reading declarations, resolving them, explaining the answer.

Resolution is SQL (``queries/ownership``): candidates for each thing seen, ranked by the precedence
of design section 7; the first wins and the others are kept as losers. Files are read by one module
a format (``ownership_yaml``), each giving the same ``Catalog``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

import duckdb
import pyarrow as pa

from tracemap import marked_yaml, ownership_yaml, queries
from tracemap.declarations import Catalog, Declaration, Kind, Problem, Team
from tracemap.errors import InputError, NotFoundError
from tracemap.queries import header

__all__ = [
    "Catalog",
    "Declaration",
    "Explanation",
    "Loser",
    "Problem",
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
    "resource-attribute",
    "namespace-hint",
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
    "resource-attribute": "its spans say so: {source}",
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
class Explanation:
    """One thing's owner and why. ``team`` is null for an unowned one; ``rule`` tells which kind."""

    kind: Kind
    name: str
    namespace: str | None  # of a destination: its messaging system
    team: str | None
    source: str | None  # path:line, or what was seen
    rule: RuleName
    losers: tuple[Loser, ...]
    channel: str | None  # of the team, where declared
    runbook: str | None

    @property
    def because(self) -> str:
        """The rule as a plain sentence, without a full stop."""
        text = _BECAUSE[self.rule].format(source=self.source, team=self.team)
        if self.team is None and self.rule not in _WITHOUT_TEAM:
            return f"{text}, which has no owner"
        return text


_WITHOUT_TEAM: Final = frozenset(["declared-unowned", "external", "no-identity", "no-match"])


def read(path: str | Path) -> Catalog:
    """What the file at ``path`` declares and what is wrong with it.

    Raises InputError when there is no such file or it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            # One byte more than is allowed is enough to know; a device or pipe may have no end.
            content = file.read(marked_yaml.MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=str(path), do="check the path"
        ) from error
    return ownership_yaml.read(content, os.path.normpath(path))


def load(cursor: duckdb.DuckDBPyConnection, path: str | Path) -> Catalog:
    """Store what the file at ``path`` declares, in place of what it declared before.

    A file that is not usable as a whole changes nothing: a typing slip must not turn every
    service into an unowned one. The caller shows ``problems`` and refreshes the analysis. Opens a
    transaction of its own. Raises InputError when the file cannot be read.
    """
    return keep(cursor, read(path), path)


def keep(cursor: duckdb.DuckDBPyConnection, catalog: Catalog, path: str | Path) -> Catalog:
    """Store what ``catalog`` declares as ``load`` does; for one that was read elsewhere."""
    if not catalog.usable:
        return catalog
    cursor.begin()
    try:
        _delete(cursor, path)
        _insert(cursor, "declarations", _declaration_table(catalog.declarations))
        _insert(cursor, "teams", _team_table(catalog.teams))
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return catalog


def forget(cursor: duckdb.DuckDBPyConnection, path: str | Path) -> None:
    """Remove what the file at ``path`` declared; the file itself need not exist any more."""
    cursor.begin()
    try:
        _delete(cursor, path)
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise


def resolve_owners(cursor: duckdb.DuckDBPyConnection, owner_attributes: Sequence[str]) -> None:
    """Rebuild ``derived.owner`` from declarations and what was seen; inside the caller's
    transaction, with the caller's temporary tables.

    ``owner_attributes`` are resource attributes that name a team, most trusted first.
    """
    given = {"owner_attributes": list(owner_attributes)}
    for name in queries.OWNERSHIP:
        sql = queries.text(f"ownership/{name}")
        cursor.execute(sql, {p: given[p] for p in header.bound_names(sql)})


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
    kind, name, namespace, team, source, rule, losers, channel, runbook = row
    return Explanation(
        kind=kind,  # type: ignore[arg-type]
        name=str(name),
        namespace=_text(namespace),
        team=_text(team),
        source=_text(source),
        rule=rule,  # type: ignore[arg-type]
        losers=tuple(Loser(**loser) for loser in json.loads(str(losers))),
        channel=_text(channel),
        runbook=_text(runbook),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _delete(cursor: duckdb.DuckDBPyConnection, path: str | Path) -> None:
    """Remove a file's rows, under whatever spelling of its path they were stored."""
    real = os.path.realpath(path)
    stored = cursor.execute(queries.text("owners/paths")).fetchall()
    for (spelling,) in stored:
        if os.path.realpath(spelling) == real:
            cursor.execute(queries.text("owners/delete_declarations"), {"path": spelling})
            cursor.execute(queries.text("owners/delete_teams"), {"path": spelling})


def _insert(cursor: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    if not table.num_rows:
        return
    cursor.register(f"incoming_{name}", table)
    try:
        cursor.execute(queries.text(f"owners/insert_{name}"))
    finally:
        cursor.unregister(f"incoming_{name}")


def _declaration_table(rows: Sequence[Declaration]) -> pa.Table:
    text = ("path", "kind", "name", "namespace", "system", "team", "role", "type")
    columns = {name: pa.array([getattr(r, name) for r in rows], pa.string()) for name in text}
    columns["line"] = pa.array([r.line for r in rows], pa.int32())
    columns["unowned"] = pa.array([r.unowned for r in rows], pa.bool_())
    return pa.table(columns)


def _team_table(rows: Sequence[Team]) -> pa.Table:
    text = ("path", "name", "channel", "runbook")
    columns = {name: pa.array([getattr(r, name) for r in rows], pa.string()) for name in text}
    columns["line"] = pa.array([r.line for r in rows], pa.int32())
    columns["aliases"] = pa.array([list(r.aliases) for r in rows], pa.list_(pa.string()))
    return pa.table(columns)
