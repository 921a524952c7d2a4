"""Resolving owners: SQL in ``queries/ownership``, with CODEOWNERS matched in between.

Candidates for each thing seen are ranked by the precedence of design section 7; the first wins and
the others are kept as losers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tracemap import queries, tracing
from tracemap.build import parsed
from tracemap.declarations import CodeLocation, CodeRule
from tracemap.queries import header
from tracemap.settings import Settings

if TYPE_CHECKING:
    import duckdb

#: A component in a component in a system in a domain in a domain; deeper is a mistake, or a circle.
MAX_INHERITANCE: Final = 8

_DEFAULTS: Final = Settings()


@tracing.traced("resolve owners")
def resolve_owners(
    cursor: duckdb.DuckDBPyConnection,
    owner_attributes: Sequence[str],
    repository_attributes: Sequence[str] = _DEFAULTS.repository_attributes,
    path_attributes: Sequence[str] = _DEFAULTS.path_attributes,
    system_attributes: Sequence[str] = _DEFAULTS.system_attributes,
) -> None:
    """Rebuild ``derived.owner`` and its companions from declarations and what was seen; inside the
    caller's transaction, with the caller's temporary tables.

    The arguments are attributes that name a team, a repository, a source file, and a system, most
    trusted first. Writes ``derived.owner``, ``owner_conflict``, ``owner_dangling``,
    ``owner_changed``, ``owner_role`` and ``owner_contact``.
    """
    run = _Run(
        cursor,
        {
            "owner_attributes": list(owner_attributes),
            "repository_attributes": list(repository_attributes),
            "path_attributes": list(path_attributes),
            "system_attributes": list(system_attributes),
        },
    )
    resolve_declarations(cursor)
    run.code_owners()
    for name in (
        "service",
        "service_team",
        "destination",
        "peer",
        "workflow",
        "candidate",
        "owner",
        "owner_conflict",
        "owner_dangling",
        "owner_changed",
        "about",
        "owner_role",
        "owner_contact",
    ):
        run(name)


def resolve_declarations(cursor: duckdb.DuckDBPyConnection) -> None:
    """What files say, as claims: teams by one name, inheritance followed. Reads no spans."""
    run = _Run(cursor, {})
    for name in ("team", "declared", "inherited"):
        run(name)
    for _ in range(MAX_INHERITANCE):
        ((added,),) = run("inherit")
        if not added:
            break
    run("claim")


class _Run:
    """Runs statements of the room by name, with what they bind."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, given: dict[str, Any]) -> None:
        self._cursor = cursor
        self._given = given

    def __call__(self, name: str) -> list[tuple[Any, ...]]:
        sql = queries.text(f"ownership/{name}")
        bound = {p: self._given[p] for p in header.bound_names(sql)}
        return self._cursor.execute(parsed(self._cursor, sql), bound).fetchall()

    def code_owners(self) -> None:
        """Make ``o_codeowner``. What services say of their code is read only where it is asked."""
        # Here, for it brings YAML along: every command imports this module, few come here.
        from tracemap.code_owners import Seen, code_owners

        rules = [CodeRule(p, n, r, t, tuple(o)) for p, n, r, t, o in self("code_rules")]
        seen = Seen((), (), ())
        if rules:
            seen = Seen(self("code_services"), self("code_repository"), self("code_path"))
        locations = [CodeLocation(*row) for row in self("code_locations")]
        self._cursor.register("incoming_code_owners", code_owners(rules, locations, seen))
        try:
            self("codeowner")
        finally:
            self._cursor.unregister("incoming_code_owners")
