"""Reader of ``ownership.yaml``, tracemap's own format (docs/ownership.md, ownership.schema.json).

All mistakes are collected. An entry with a mistake that could change *whose* something is declares
nothing; the rest of the file is used. Fields that are not in the format are nobody's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from tracemap.declarations import Catalog, Declaration, DestinationType, Kind, Problem, Team
from tracemap.marked_yaml import Node, YamlError, parse

VERSION: Final = "1"
#: Longer is no name of anything; and a shared list of aliases must not multiply without bound.
MAX_TEXT: Final = 1000
MAX_ALIASES: Final = 100

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
#: What people call the type of a value, in messages.
_CALLED: Final = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "a truth value",
    "null": "nothing",
    "timestamp": "a date",
    "list": "a list",
    "mapping": "a mapping",
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
        problems=tuple(sorted(reader.problems, key=lambda p: (p.line, p.what))),
        usable=usable,
    )


@dataclass(slots=True)
class _Reader:
    path: str
    declarations: list[Declaration] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, what: str, do: str) -> None:
        self.problems.append(Problem(self.path, line, what, do))

    def document(self, root: Node | None) -> bool:
        """Read everything; false when the file as a whole says nothing that can be used."""
        if root is None or root.type == "null":
            self.wrong(1, "the file is empty", "start it with 'version: 1'")
            return True
        if root.type != "mapping":
            self.wrong(
                root.line,
                f"the file is {_called(root)}, not a mapping",
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
            f"version is {node.text[:40]!r}" if node.text else f"version is {_called(node)}",
            "this tracemap reads version 1; nothing of the file is used",
        )
        return False

    def section(self, top: dict[str, Node], name: str) -> list[Node]:
        node = top.get(name)
        if node is None or node.type == "null":
            return []
        if node.type != "list":
            self.wrong(
                node.line, f"{name} is {_called(node)}, not a list", "write '- name: ...' below it"
            )
            return []
        return node.items

    def fields(self, node: Node, what: str) -> dict[str, Node]:
        """The pairs of a mapping by key; the first of a repeated key, which is reported."""
        found: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.type == "merge":
                self.wrong(key.line, f"{what} uses '<<'", "write the fields out")
            elif key.text in found:
                self.wrong(
                    key.line, f"{what} has {key.text[:40]!r} twice", "remove one; the first is used"
                )
            elif key.type not in ("list", "mapping"):
                found[key.text] = value
        return found

    def mapping(self, node: Node, section: str) -> dict[str, Node] | None:
        if node.type == "mapping":
            return self.fields(node, f"an entry of {section}")
        self.wrong(
            node.line,
            f"an entry of {section} is {_called(node)}, not a mapping",
            "write '- name: ...'",
        )
        return None

    def text(self, fields: dict[str, Node], name: str, section: str) -> tuple[str | None, bool]:
        """(the text or null, whether it is right). An empty field (``team:``) is an absent one."""
        node = fields.get(name)
        if node is None or node.type == "null":
            return None, True
        if node.type != "str":
            do = f'write it in quotes: {name}: "{node.text[:40]}"' if node.text else "write text"
            self.wrong(node.line, f"{name} in {section} is {_called(node)}, not text", do)
            return None, False
        if not node.text.strip() or len(node.text) > MAX_TEXT:
            size = f"longer than {MAX_TEXT} characters" if node.text.strip() else "blank"
            self.wrong(node.line, f"{name} in {section} is {size}", f"give a {name}")
            return None, False
        return node.text, True

    def name(self, node: Node, fields: dict[str, Node], section: str) -> str | None:
        name, right = self.text(fields, "name", section)
        if name is None and right:
            self.wrong(node.line, f"an entry of {section} has no name", "add 'name: ...'")
        return name

    def team(self, node: Node) -> None:
        fields = self.mapping(node, "teams")
        if fields is None or (name := self.name(node, fields, "teams")) is None:
            return
        channel, _ = self.text(fields, "channel", "teams")
        runbook, _ = self.text(fields, "runbook", "teams")
        aliases = self.aliases(fields.get("aliases"))
        self.teams.append(Team(self.path, node.line, name, aliases, channel, runbook))

    def aliases(self, node: Node | None) -> tuple[str, ...]:
        if node is None or node.type == "null":
            return ()
        if node.type != "list":
            self.wrong(node.line, f"aliases is {_called(node)}, not a list", "write [a, b]")
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
        fields = self.mapping(node, section)
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
        self.declarations.append(
            Declaration(
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
        )

    def unowned(self, node: Node | None, section: str) -> tuple[bool, bool]:
        if node is None or node.type == "null":
            return False, True
        if node.type != "bool":
            self.wrong(
                node.line,
                f"unowned in {section} is {_called(node)}, not true or false",
                "write 'unowned: true', or remove it",
            )
            return False, False
        return node.truth, True

    def destination_type(
        self, node: Node | None, kind: Kind
    ) -> tuple[DestinationType | None, bool]:
        if kind != "destination" or node is None or node.type == "null":
            return None, True
        if node.text in TYPES and node.type == "str":
            return TYPES[node.text], True
        self.wrong(
            node.line,
            f"type is {node.text[:40]!r}" if node.text else f"type is {_called(node)}",
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


def _called(node: Node) -> str:
    return _CALLED.get(node.type, "a value with a tag")


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
