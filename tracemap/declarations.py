"""What a reader of ownership files hands over, whatever the format: declarations and mistakes.

A reader is one module with one function, ``read(text, path) -> Catalog``. ``ownership_yaml`` is the
first; readers of other catalogs produce the same rows, so that resolution knows no formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What can have an owner. An external peer is declared as a service: one that sends no spans.
Kind = Literal["service", "destination", "datastore", "workflow"]

#: What a destination carries (design section 7): decides whose it is when no team is named.
DestinationType = Literal["event", "command", "dead-letter"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One line of ``store.declaration``: somebody wrote down whose this is."""

    path: str
    line: int  # from 1
    kind: Kind
    name: str
    namespace: str | None = None  # null: in any namespace
    system: str | None = None  # of a destination, such as kafka; null: any
    team: str | None = None  # as written; aliases are resolved later, across files
    role: str = "accountable"
    unowned: bool = False  # deliberately nobody's
    type: DestinationType | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """One line of ``store.team``."""

    path: str
    line: int
    name: str
    aliases: tuple[str, ...] = ()
    channel: str | None = None
    runbook: str | None = None


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
