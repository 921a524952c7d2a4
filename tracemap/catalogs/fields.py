"""What readers of YAML catalogs share: taking fields out of nodes, and telling what is wrong.

Unknown fields are nobody's business; a field that is read and has the wrong type is reported with
its line. ``where`` in these functions is what messages call the thing that has the field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tracemap.declarations import Problem
from tracemap.marked_yaml import Node

#: Longer is no name of anything.
MAX_TEXT: Final = 1000
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

Fields = dict[str, Node]


def called(node: Node) -> str:
    """What people call a value of this type."""
    return _CALLED.get(node.type, "a value with a tag")


def absent(node: Node | None) -> bool:
    """An empty field (``team:``) is an absent one."""
    return node is None or node.type == "null"


@dataclass(slots=True)
class Sheet:
    """A file being read: its mistakes so far. Readers derive from it and add their rows."""

    path: str
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, line: int, what: str, do: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.path, line, what, do))

    def told(self) -> tuple[Problem, ...]:
        """The mistakes, in the order of the file."""
        return tuple(sorted(self.problems, key=lambda p: (p.line, p.what)))

    def fields(self, node: Node, where: str) -> Fields:
        """The pairs of a mapping by key; the first of a repeated key, which is reported."""
        found: Fields = {}
        for key, value in node.pairs:
            if key.type == "merge":
                self.wrong(key.line, f"{where} uses '<<'", "write the fields out")
            elif key.text in found:
                self.wrong(
                    key.line,
                    f"{where} has {key.text[:40]!r} twice",
                    "remove one; the first is used",
                )
            elif key.type not in ("list", "mapping"):
                found[key.text] = value
        return found

    def mapping(self, fields: Fields, name: str, where: str) -> Fields | None:
        """The mapping in a field; none, when it is absent or something else, which is reported."""
        node = fields.get(name)
        if node is None or absent(node):
            return None
        if node.type != "mapping":
            self.wrong(
                node.line, f"{name} in {where} is {called(node)}, not a mapping", "write 'key: ...'"
            )
            return None
        return self.fields(node, f"{name} in {where}")

    def items(self, fields: Fields, name: str, where: str) -> list[Node]:
        """The items of a list in a field; anything else is reported and has none."""
        node = fields.get(name)
        if node is None or absent(node):
            return []
        if node.type != "list":
            self.wrong(
                node.line, f"{name} in {where} is {called(node)}, not a list", "write [a, b]"
            )
            return []
        return node.items

    def entries(self, fields: Fields, name: str, where: str) -> list[tuple[int, Fields]]:
        """The mappings in a list in a field, each with its line; other items are reported."""
        found = []
        for node in self.items(fields, name, where):
            if node.type == "mapping":
                found.append((node.line, self.fields(node, f"an entry of {name}")))
            else:
                self.wrong(
                    node.line,
                    f"an entry of {name} in {where} is {called(node)}, not a mapping",
                    "write '- key: ...'",
                )
        return found

    def text(self, fields: Fields, name: str, where: str) -> tuple[str | None, bool]:
        """(the text or null, whether it is right). An empty field (``team:``) is an absent one."""
        node = fields.get(name)
        if node is None or absent(node):
            return None, True
        if node.type != "str":
            scalar = bool(node.text)
            do = f'write it in quotes: {name}: "{node.text[:40]}"' if scalar else "write text"
            self.wrong(node.line, f"{name} in {where} is {called(node)}, not text", do)
            return None, False
        if not node.text.strip() or len(node.text) > MAX_TEXT:
            size = f"longer than {MAX_TEXT} characters" if node.text.strip() else "blank"
            self.wrong(node.line, f"{name} in {where} is {size}", f"give a {name}")
            return None, False
        return node.text, True
