"""Reader of ``ownership-map.yaml``: what ``tracemap map export`` wrote, reviewed and committed.

``tracemap map check`` compares it with what is seen; loaded into a database it is what OWN005 goes
by. Unlike in the files that people write, a mistake anywhere makes the whole file useless: half a
map would call the other half undeclared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tracemap import marked_yaml
from tracemap.declarations import Catalog, MapHandoff, MapOwner, Problem
from tracemap.errors import InputError

VERSION: Final = 1

Map = dict[str, Any]


def read(content: bytes, path: str) -> Catalog:
    """The hand-offs and owners of the map in ``content``; ``path`` is what messages call it."""
    try:
        whole = parse(content, path)
    except InputError as error:
        line = (error.where or path).rpartition(":")[2]
        problem = Problem(path, int(line) if line.isdigit() else 1, error.what, error.do or "")
        return Catalog(problems=(problem,), usable=False)
    return Catalog(
        map_handoffs=tuple(
            MapHandoff(
                path,
                h["line"],
                workflow["workflow"],
                h["from"]["service"],
                h["from"]["name"],
                h["to"]["service"],
                h["to"]["name"],
                h["type"],
            )
            for workflow in whole["workflows"]
            for h in workflow["handoffs"]
        ),
        map_owners=tuple(
            MapOwner(path, o["line"], o["kind"], o["name"], o["namespace"], o["team"])
            for o in whole["owners"]
        ),
    )


def parse(content: bytes, path: str) -> Map:
    """The map in ``content``. Raises InputError, with file and line, for what is none."""
    try:
        node = marked_yaml.parse(content)
    except marked_yaml.YamlError as error:
        raise InputError(error.what, where=f"{path}:{error.line}", do=error.do) from None
    reader = _Reader(path)
    if node is None:
        raise reader.wrong(1, "the file is empty")
    return reader.whole(node)


class _Reader:
    """Takes the fields of the map from nodes, and says where one is not as it should be."""

    def __init__(self, path: str) -> None:
        self.path = path

    def wrong(self, line: int, what: str) -> InputError:
        return InputError(
            what, where=f"{self.path}:{line}", do="write it again with 'tracemap map export'"
        )

    def whole(self, node: marked_yaml.Node) -> Map:
        fields = self.fields(node)
        version = self.text(fields, "version")
        if version != str(VERSION):
            line = fields["version"].line if "version" in fields else node.line
            raise self.wrong(line, f"this is a map of version {version}, not {VERSION}")
        return {
            "version": VERSION,
            "owners": [
                {**self.texts(item, ("kind", "name"), ("namespace", "team")), "line": item.line}
                for item in self.items(fields, "owners")
            ],
            "workflows": [self.workflow(item) for item in self.items(fields, "workflows")],
        }

    def workflow(self, node: marked_yaml.Node) -> Map:
        fields = self.fields(node)
        return {
            **self.texts(node, ("workflow",), ("team",)),
            "steps": [
                self.texts(item, ("service", "name"), ("team",))
                for item in self.items(fields, "steps")
            ],
            "handoffs": [self.handoff(item) for item in self.items(fields, "handoffs")],
        }

    def handoff(self, node: marked_yaml.Node) -> Map:
        fields = self.fields(node)
        ends: Map = {}
        for end in ("from", "to"):
            if end not in fields:
                raise self.wrong(node.line, f"{end!r} is missing")
            ends[end] = self.texts(fields[end], ("service", "name"), ("team",))
        how = self.texts(node, ("mode", "type"), ("destination",))
        return {**ends, **how, "line": node.line}

    def fields(self, node: marked_yaml.Node) -> dict[str, marked_yaml.Node]:
        if node.type != "mapping":
            raise self.wrong(node.line, "fields with values are expected here")
        return {key.text: value for key, value in node.pairs}

    def items(self, fields: dict[str, marked_yaml.Node], name: str) -> list[marked_yaml.Node]:
        node = fields.get(name)
        if node is None or node.type == "null":
            return []
        if node.type != "list":
            raise self.wrong(node.line, f"{name!r} is not a list")
        return list(node.items)

    def texts(self, node: marked_yaml.Node, needed: Sequence[str], others: Sequence[str]) -> Map:
        fields = self.fields(node)
        found = {name: self.text(fields, name) for name in (*needed, *others)}
        for name in needed:
            if found[name] is None:
                raise self.wrong(node.line, f"{name!r} is missing")
        return found

    def text(self, fields: dict[str, marked_yaml.Node], name: str) -> str | None:
        value = fields.get(name)
        if value is None or value.type == "null":
            return None
        if value.type in ("list", "mapping"):
            raise self.wrong(value.line, f"{name!r} is not a text")
        return value.text
