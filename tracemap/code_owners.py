"""Which lines of CODEOWNERS decide about which services: by repository, and path within it.

Design section 7: after resource attributes, before what is inherited from a system. Matching is
Python (``catalogs.codeowners``); the rows it starts from and ends in are SQL's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from tracemap.catalogs.codeowners import Rules, repository_key, same_repository
from tracemap.declarations import CodeLocation, CodeRule

#: A service: its name and namespace.
Service = tuple[str, str | None]

#: Paths of one service that are looked at, the most frequent first.
MAX_PATHS: Final = 1000
_DRIVE: Final = re.compile(r"[A-Za-z]:/")

_COLUMNS: Final = pa.schema(
    [
        ("service", pa.string()),
        ("namespace", pa.string()),
        ("owner", pa.string()),
        ("source", pa.string()),
        ("place", pa.int32()),
        ("decides", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What services say of their code. Repositories and paths in the order of their trust."""

    services: Sequence[Service]
    repositories: Sequence[tuple[str, str | None, str]]  # service, namespace, repository
    paths: Sequence[tuple[str, str | None, str, int]]  # service, namespace, path, spans


def code_owners(
    rules: Iterable[CodeRule], locations: Sequence[CodeLocation], seen: Seen
) -> pa.Table:
    """One row an owner of a service's code: (service, namespace, owner, source, place, decides).

    ``place`` orders the owners of a service; ``decides`` marks those of the line that decides: that
    of the declared folder, else of most files seen, else of the whole repository. ``owner`` is null
    where that line names nobody, on purpose.
    """
    repositories = _Repositories(rules)
    places = _Places(locations, seen)
    rows: list[tuple[str, str | None, str | None, str, int, bool]] = []
    for service, namespace in dict.fromkeys(seen.services):
        lines = _lines(repositories, places, (service, namespace))
        place = 0
        for number, (rule, about) in enumerate(lines):
            source = f"{rule.path}:{rule.line} ({about})"
            for owner in _teams_first(rule.owners) or (None,):
                rows.append((service, namespace, owner, source, place, number == 0))
                place += 1
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    return pa.table({f.name: pa.array(c, f.type) for f, c in zip(_COLUMNS, columns, strict=True)})


def _teams_first(owners: Sequence[str]) -> tuple[str | None, ...]:
    """Owners as written, teams (``@org/team``) before people."""
    return tuple(sorted(owners, key=lambda owner: not re.match(r"@.*/", owner)))


class _Repositories:
    """CODEOWNERS by repository, which may be named more or less completely."""

    def __init__(self, rules: Iterable[CodeRule]) -> None:
        by_key: dict[str, list[CodeRule]] = {}
        for rule in rules:
            by_key.setdefault(rule.repository, []).append(rule)
        self._rules = {key: Rules(found) for key, found in by_key.items()}
        self._by_name: dict[str, list[str]] = {}
        for key in self._rules:
            self._by_name.setdefault(key.rpartition("/")[2], []).append(key)

    def named(self, key: str) -> Rules | None:
        """The rules of the repository; none where several could be meant."""
        if key in self._rules:
            return self._rules[key]
        same = [k for k in self._by_name.get(key.rpartition("/")[2], []) if same_repository(k, key)]
        return self._rules[same[0]] if len(same) == 1 else None


class _Places:
    """Where the code of each service lies."""

    def __init__(self, locations: Sequence[CodeLocation], seen: Seen) -> None:
        self._locations: dict[str, list[CodeLocation]] = {}
        self._roots = [location for location in locations if location.root is not None]
        for location in locations:
            if location.service is not None:
                self._locations.setdefault(location.service, []).append(location)
        self._repositories: dict[Service, str] = {}
        for service, namespace, repository in seen.repositories:
            self._repositories.setdefault((service, namespace), repository_key(repository))
        self._paths: dict[Service, list[tuple[str, int]]] = {}
        for service, namespace, path, spans in sorted(seen.paths, key=lambda p: (-p[3], p[2])):
            found = self._paths.setdefault((service, namespace), [])
            if len(found) < MAX_PATHS:
                found.append((path.replace("\\", "/"), spans))

    def declared(self, service: Service) -> CodeLocation | None:
        """The location declared for a service; one with its namespace goes before one without."""
        name, namespace = service
        fitting = [
            location
            for location in self._locations.get(name, [])
            if location.namespace is None or location.namespace == namespace
        ]
        return min(fitting, key=_precedence, default=None)

    def repository(self, service: Service) -> str:
        return self._repositories.get(service, "")

    def paths(self, service: Service, repository: str) -> list[tuple[str, int]]:
        """Paths within the repository, and on how many spans each was seen."""
        found = []
        for path, spans in self._paths.get(service, []):
            inside = self._inside(path, service, repository)
            if inside is not None:
                found.append((inside, spans))
        return found

    def _inside(self, path: str, service: Service, repository: str) -> str | None:
        """A path without the folder that the repository has in containers; null where an absolute
        path lies in no such folder, for nothing tells then where the repository begins."""
        for location in self._roots:
            root = (location.root or "").rstrip("/") + "/"
            if (
                path.startswith(root)
                and location.service in (None, service[0])
                and same_repository(location.repository, repository)
            ):
                return path.removeprefix(root)
        if path.startswith("/") or _DRIVE.match(path):
            return None
        return path


def _precedence(location: CodeLocation) -> tuple[object, ...]:
    named = location.namespace is None, location.folder == ""
    return (*named, location.repository, location.folder, location.path, location.line)


def _lines(
    repositories: _Repositories, places: _Places, service: Service
) -> list[tuple[CodeRule, str]]:
    """(line, what it is about) for a service, the deciding one first."""
    declared = places.declared(service)
    repository = declared.repository if declared else places.repository(service)
    rules = repositories.named(repository) if repository else None
    if rules is None:
        return []
    if declared is not None and declared.folder:
        rule = rules.of_folder(declared.folder)
        return [(rule, declared.folder)] if rule else []
    votes: Counter[CodeRule] = Counter()
    about: dict[CodeRule, str] = {}
    for path, spans in places.paths(service, repository):
        found = rules.of(path)
        if found is not None:
            votes[found] += spans
            about.setdefault(found, path)
    if votes:
        ordered = sorted(votes, key=lambda rule: (-votes[rule], rule.path, rule.line))
        return [(rule, about[rule]) for rule in ordered]
    rule = rules.of_folder("")
    return [(rule, repository)] if rule else []
