"""Reader of ``ownership.yaml``, tracemap's own format (docs/ownership.md, ownership.schema.json).

All mistakes are collected. An entry with a mistake that could change *whose* something is declares
nothing; the rest of the file is used. Fields that are not in the format are nobody's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from tracemap.catalogs.codeowners import repository_key
from tracemap.catalogs.fields import Fields, Sheet, absent, called
from tracemap.declarations import (
    Catalog,
    CodeLocation,
    Declaration,
    DestinationType,
    Kind,
    Problem,
    Team,
)
from tracemap.marked_yaml import Node, YamlError, parse

VERSION: Final = "1"
#: A shared list must not multiply without bound.
MAX_ALIASES: Final = 100
MAX_OTHERS: Final = 20

SECTIONS: Final[dict[str, Kind]] = {
    "services": "service",
    "destinations": "destination",
    "datastores": "datastore",
    "workflows": "workflow",
}
TYPES: Final[dict[str, DestinationType]] = {
    "event": "event",
    "command": "command",
    "dead-letter": "dead-letter",
}


def read(content: bytes, path: str) -> Catalog:
    """What the ``content`` of an ownership.yaml declares; ``path`` is what messages call it."""
    try:
        root = parse(content)
    except YamlError as error:
        problem = Problem(path, error.line, error.what, error.do or "")
        return Catalog(problems=(problem,), usable=False)
    reader = _Reader(path)
    usable = reader.document(root)
    return Catalog(
        declarations=tuple(reader.declarations) if usable else (),
        teams=tuple(reader.teams) if usable else (),
        problems=reader.told(),
        usable=usable,
        code_locations=tuple(reader.locations) if usable else (),
    )


@dataclass(slots=True)
class _Reader(Sheet):
    declarations: list[Declaration] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    locations: list[CodeLocation] = field(default_factory=list)

    def document(self, root: Node | None) -> bool:
        """Read everything; false when the file as a whole says nothing that can be used."""
        if root is None or root.type == "null":
            self.wrong(1, "the file is empty", "start it with 'version: 1'")
            return True
        if root.type != "mapping":
            self.wrong(
                root.line,
                f"the file is {called(root)}, not a mapping",
                "start it with 'version: 1', then services:, destinations: ...",
            )
            return False
        top = self.fields(root, "the file")
        if not self.version(root, top.get("version")):
            return False
        for node in self.section(top, "teams"):
            self.team(node)
        for section, kind in SECTIONS.items():
            for node in self.section(top, section):
                self.entry(node, section, kind)
        for node in self.section(top, "repositories"):
            self.repository(node)
        self.team_names()
        self.contradictions()
        self.unknown_teams()
        return True

    def version(self, root: Node, node: Node | None) -> bool:
        """Whether this tracemap knows the format's version; a missing one is reported and 1."""
        if node is None:
            self.wrong(root.line, "the version is missing", "add 'version: 1'")
            return True
        if node.type in ("str", "int") and node.text == VERSION:
            if node.type == "str":
                self.wrong(node.line, "version is text", "write 'version: 1' without quotes")
            return True
        self.wrong(
            node.line,
            f"version is {node.text[:40]!r}" if node.text else f"version is {called(node)}",
            "this tracemap reads version 1; nothing of the file is used",
        )
        return False

    def section(self, top: dict[str, Node], name: str) -> list[Node]:
        node = top.get(name)
        if node is None or absent(node):
            return []
        if node.type != "list":
            self.wrong(
                node.line, f"{name} is {called(node)}, not a list", "write '- name: ...' below it"
            )
            return []
        return node.items

    def mapping_of(self, node: Node, section: str) -> Fields | None:
        if node.type == "mapping":
            return self.fields(node, f"an entry of {section}")
        self.wrong(
            node.line,
            f"an entry of {section} is {called(node)}, not a mapping",
            "write '- name: ...'",
        )
        return None

    def name(self, node: Node, fields: Fields, section: str) -> str | None:
        name, right = self.text(fields, "name", section)
        if name is None and right:
            self.wrong(node.line, f"an entry of {section} has no name", "add 'name: ...'")
        return name

    def team(self, node: Node) -> None:
        fields = self.mapping_of(node, "teams")
        if fields is None or (name := self.name(node, fields, "teams")) is None:
            return
        channel, _ = self.text(fields, "channel", "teams")
        runbook, _ = self.text(fields, "runbook", "teams")
        email, _ = self.text(fields, "email", "teams")
        pager, _ = self.text(fields, "pager", "teams")
        aliases = self.aliases(fields.get("aliases"))
        self.teams.append(Team(self.path, node.line, name, aliases, channel, runbook, email, pager))

    def aliases(self, node: Node | None) -> tuple[str, ...]:
        if node is None or absent(node):
            return ()
        if node.type != "list":
            self.wrong(node.line, f"aliases is {called(node)}, not a list", "write [a, b]")
            return ()
        if len(node.items) > MAX_ALIASES:
            self.wrong(
                node.line,
                f"a team has {len(node.items):,} aliases",
                f"keep the {MAX_ALIASES} in use; only those are read",
            )
        found = []
        for item in node.items[:MAX_ALIASES]:
            alias, _ = self.text({"alias": item}, "alias", "teams")
            if alias is not None:
                found.append(alias)
        return tuple(dict.fromkeys(found))

    def entry(self, node: Node, section: str, kind: Kind) -> None:
        fields = self.mapping_of(node, section)
        if fields is None:
            return
        name = self.name(node, fields, section)
        team, team_right = self.text(fields, "team", section)
        narrower: dict[str, str | None] = {}
        right = team_right and name is not None
        for place in _PLACES[kind]:
            narrower[place], fits = self.text(fields, place, section)
            right = right and fits
        unowned, fits = self.unowned(fields.get("unowned"), section)
        kind_of, typed = self.destination_type(fields.get("type"), kind)
        right = right and fits and typed and self.owner_given(node, name, team, unowned, kind_of)
        if not right or name is None:
            return
        declared = Declaration(
            path=self.path,
            line=node.line,
            kind=kind,
            name=name,
            namespace=narrower.get("namespace"),
            system=narrower.get("system"),
            team=team,
            unowned=unowned,
            type=kind_of,
        )
        self.declarations.append(declared)
        self.others(fields, declared)

    def others(self, fields: Fields, declared: Declaration) -> None:
        """Teams with another role than the accountable one."""
        where = f"{declared.kind} {declared.name[:80]!r}"
        entries = self.entries(fields, "others", where)
        if len(entries) > MAX_OTHERS:
            what = f"{where} has {len(entries):,} others"
            self.wrong(entries[0][0], what, f"only {MAX_OTHERS} are read")
        for line, entry in entries[:MAX_OTHERS]:
            team, right = self.text(entry, "team", f"others of {where}")
            role, fits = self.text(entry, "role", f"others of {where}")
            if team is None or role is None or role.strip().lower() == "accountable":
                if right and fits:
                    what = f"an entry of others of {where} needs a team and a role"
                    self.wrong(line, what, "such as 'role: operator'; accountable is 'team'")
            else:
                self.declarations.append(
                    replace(declared, line=line, team=team, role=role, unowned=False, type=None)
                )

    def repository(self, node: Node) -> None:
        """Where a service's code lies, for CODEOWNERS; or where it lies in containers."""
        fields = self.mapping_of(node, "repositories")
        if fields is None or (name := self.name(node, fields, "repositories")) is None:
            return
        texts = {}
        for key in ("path", "service", "namespace", "root"):
            texts[key], right = self.text(fields, key, "repositories")
            if not right:
                return
        if texts["service"] is None and texts["root"] is None:
            what = f"repository {name[:80]!r} has neither service nor root"
            self.wrong(node.line, what, "say whose code it is: 'service: ...'")
            return
        folder = (texts["path"] or "").strip("/")
        if ".." in folder.split("/"):
            self.wrong(node.line, f"path {folder[:80]!r} leaves the repository", "write it whole")
            return
        self.locations.append(
            CodeLocation(
                path=self.path,
                line=node.line,
                repository=repository_key(name),
                folder="" if folder == "." else folder.removeprefix("./"),
                service=texts["service"],
                namespace=texts["namespace"],
                root=texts["root"],
            )
        )

    def unowned(self, node: Node | None, section: str) -> tuple[bool, bool]:
        if node is None or absent(node):
            return False, True
        if node.type != "bool":
            self.wrong(
                node.line,
                f"unowned in {section} is {called(node)}, not true or false",
                "write 'unowned: true', or remove it",
            )
            return False, False
        return node.truth, True

    def destination_type(
        self, node: Node | None, kind: Kind
    ) -> tuple[DestinationType | None, bool]:
        if kind != "destination" or node is None or absent(node):
            return None, True
        if node.text in TYPES and node.type == "str":
            return TYPES[node.text], True
        self.wrong(
            node.line,
            f"type is {node.text[:40]!r}" if node.text else f"type is {called(node)}",
            f"write one of {', '.join(TYPES)}",
        )
        return None, False

    def owner_given(
        self,
        node: Node,
        name: str | None,
        team: str | None,
        unowned: bool,
        kind_of: DestinationType | None,
    ) -> bool:
        called = repr(name[:80]) if name else "an entry"
        if team is not None and unowned:
            self.wrong(
                node.line,
                f"{called} has a team and is declared unowned",
                "remove one of the two; the entry is not used",
            )
            return False
        if team is None and not unowned and kind_of is None:
            self.wrong(node.line, f"{called} has no team", "add 'team: ...', or 'unowned: true'")
            return False
        return True

    def contradictions(self) -> None:
        """Entries for one thing that name different owners. Both stay: resolution shows both."""
        spelled = {alias.lower(): t.name for t in self.teams for alias in t.aliases}
        spelled |= {t.name.lower(): t.name for t in self.teams}

        def says(d: Declaration) -> tuple[str | None, bool, str | None]:
            team = spelled.get(d.team.lower(), d.team) if d.team else None
            return team, d.unowned, d.type

        first: dict[tuple[str, str, str | None, str | None], Declaration] = {}
        for d in self.declarations:
            if d.role != "accountable":
                continue
            other = first.setdefault((d.kind, d.name, d.namespace, d.system), d)
            if says(other) != says(d):
                self.wrong(
                    d.line,
                    f"{d.kind} {d.name[:80]!r} is declared otherwise in line {other.line}",
                    "remove one of the two",
                )

    def team_names(self) -> None:
        """Teams and aliases that cannot be told apart (case does not count)."""
        names: dict[str, Team] = {}
        for team in self.teams:
            other = names.setdefault(team.name.lower(), team)
            if other is not team:
                self.wrong(
                    team.line,
                    f"team {team.name[:80]!r} is also in line {other.line}",
                    "merge the two",
                )
        owners: dict[str, Team] = {}
        for team in self.teams:
            for alias in team.aliases:
                other = names.get(alias.lower()) or owners.setdefault(alias.lower(), team)
                if other.name.lower() != team.name.lower():
                    self.wrong(
                        team.line,
                        f"alias {alias[:80]!r} of team {team.name[:80]!r} also means "
                        f"team {other.name[:80]!r} (line {other.line})",
                        "let it name one team only",
                    )

    def unknown_teams(self) -> None:
        """Where a file lists its teams, a name that is not among them is likely a slip."""
        known = {t.name.lower() for t in self.teams}
        known |= {alias.lower() for t in self.teams for alias in t.aliases}
        if not known:
            return
        hint = _nearest([t.name for t in self.teams])
        for d in self.declarations:
            if d.team is not None and d.team.lower() not in known:
                self.wrong(
                    d.line,
                    f"team {d.team[:80]!r} of {d.kind} {d.name[:80]!r} is not under teams",
                    hint(d.team),
                )


#: What narrows an entry down, besides its name.
_PLACES: Final[dict[Kind, tuple[str, ...]]] = {
    "service": ("namespace",),
    "destination": ("system",),
    "datastore": (),
    "workflow": (),
}


def _nearest(names: list[str]) -> Callable[[str], str]:
    """A hint for a name that is not in ``names``; each different name is compared once."""
    cache: dict[str, str] = {}

    def hint(name: str) -> str:
        if name not in cache:
            # Comparing is slow, and a file with very many slips needs no hint for each.
            near = get_close_matches(name[:80], names[:2000], n=1) if len(cache) < 50 else []
            cache[name] = (
                f"did you mean {near[0]!r}?" if near else "add the team there, or correct the name"
            )
        return cache[name]

    return hint
