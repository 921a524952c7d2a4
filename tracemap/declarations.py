"""What a reader of ownership files hands over, whatever the format: declarations and mistakes.

A reader is one module of ``tracemap.catalogs`` with one function, ``read(content, path) ->
Catalog``. All produce the same rows, so that resolution knows no formats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

#: What can have an owner. An external peer is declared as a service: one that sends no spans.
Kind = Literal["service", "destination", "datastore", "workflow"]

#: What can be declared. Systems and domains own nothing that runs; what is in them inherits.
DeclaredKind = Literal["service", "destination", "datastore", "workflow", "system", "domain"]

#: What a destination carries (design section 7): decides whose it is when no team is named.
DestinationType = Literal["event", "command", "dead-letter"]

#: Who wrote it: our own ``ownership.yaml`` goes before every catalog.
Format = Literal["ownership", "backstage", "datadog", "codeowners", "map"]

#: How somebody is reached, or what helps: a chat channel, an e-mail address, a pager service, a
#: runbook, or any other link.
ContactType = Literal["channel", "email", "pager", "runbook", "link"]

#: The most that is read of one file.
MAX_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Declaration:
    """One line of ``store.declaration``: somebody wrote down whose this is."""

    path: str
    line: int  # from 1
    kind: DeclaredKind
    name: str
    namespace: str | None = None  # null: in any namespace
    system: str | None = None  # of a destination: its messaging system, such as kafka; null: any
    team: str | None = None  # as written; aliases are resolved later, across files
    role: str = "accountable"
    unowned: bool = False  # deliberately nobody's
    type: DestinationType | None = None
    format: Format = "ownership"
    #: Of a catalog's entity: its full reference after the format, lower case, such as
    #: ``backstage:component:default/checkout``; and those whose owner it inherits, nearest first.
    entity: str | None = None
    parents: tuple[str, ...] = ()
    fit: int = 0  # 0: ``name`` is the entity's own; higher: another name, which says less


@dataclass(frozen=True, slots=True)
class Team:
    """One line of ``store.team``. A person who owns something is one, called ``user:jane``."""

    path: str
    line: int
    name: str
    aliases: tuple[str, ...] = ()
    channel: str | None = None
    runbook: str | None = None
    email: str | None = None
    pager: str | None = None
    format: Format = "ownership"


@dataclass(frozen=True, slots=True)
class Contact:
    """One line of ``store.contact``: how to reach a team, or those who own a catalog's entity."""

    path: str
    line: int
    type: ContactType
    value: str
    title: str | None = None
    team: str | None = None  # as declared; this or ``entity``
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One line of a CODEOWNERS file. No owners: the path is deliberately nobody's."""

    path: str
    line: int
    repository: str  # host/owner/name, or as much of it as is known
    pattern: str
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """Where a service's code lies, or how a file's path in a container becomes one in its
    repository: ``root`` is what to leave out at its start."""

    path: str
    line: int
    repository: str
    folder: str = ""  # within the repository; empty: all of it
    service: str | None = None
    namespace: str | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class MapHandoff:
    """One hand-off of a map that was exported, reviewed and loaded again."""

    path: str
    line: int
    workflow: str
    from_service: str
    from_name: str
    to_service: str
    to_name: str
    type: str


@dataclass(frozen=True, slots=True)
class MapOwner:
    """Whose something is by the map."""

    path: str
    line: int
    kind: str
    name: str
    namespace: str | None
    team: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a file. ``str()`` of it is one line: ``path:line: what (do)``."""

    path: str
    line: int
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} ({self.do})"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What one file declares, in the file's order, and what is wrong with it.

    ``usable`` is false when the file as a whole cannot be read (syntax, size, version); it then
    declares nothing, which is not the same as declaring that nothing is owned.
    """

    declarations: tuple[Declaration, ...] = ()
    teams: tuple[Team, ...] = ()
    problems: tuple[Problem, ...] = ()
    usable: bool = True
    contacts: tuple[Contact, ...] = ()
    code_rules: tuple[CodeRule, ...] = ()
    code_locations: tuple[CodeLocation, ...] = ()
    map_handoffs: tuple[MapHandoff, ...] = ()
    map_owners: tuple[MapOwner, ...] = ()


def merged(catalogs: Iterable[Catalog]) -> Catalog:
    """Several files as one; usable when there are none, or one of them is."""
    parts = tuple(catalogs)
    return Catalog(
        declarations=tuple(row for part in parts for row in part.declarations),
        teams=tuple(row for part in parts for row in part.teams),
        problems=tuple(row for part in parts for row in part.problems),
        usable=not parts or any(part.usable for part in parts),
        contacts=tuple(row for part in parts for row in part.contacts),
        code_rules=tuple(row for part in parts for row in part.code_rules),
        code_locations=tuple(row for part in parts for row in part.code_locations),
        map_handoffs=tuple(row for part in parts for row in part.map_handoffs),
        map_owners=tuple(row for part in parts for row in part.map_owners),
    )
