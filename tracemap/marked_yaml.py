"""YAML with line numbers, read from libyaml's events within hard limits.

Why not ``yaml.compose``: it recurses, so that a file of 100,000 brackets ends the process, and it
resolves merge keys by copying, so that a few lines grow without bound. Here nothing recurses, an
alias is a second reference to one node and never a copy, and depth, size and count are limited.
No tag constructs anything: a scalar is its text and the name of its YAML 1.1 type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import yaml

from tracemap.declarations import MAX_BYTES
from tracemap.errors import InputError

MAX_DEPTH: Final = 32
MAX_NODES: Final = 500_000
MAX_DOCUMENTS: Final = 10_000

#: ``null bool int float str timestamp list mapping``, or ``other`` for a tag of one's own.
Type = str

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The YAML 1.1 type that a plain scalar's text has (the stubs leave it untyped).
_resolve: Final[Callable[..., str]] = yaml.resolver.Resolver().resolve
_STANDARD: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset(["yes", "true", "on"])
#: Where a document begins. Nothing but a marker can stand so at the start of a line.
_MARKER: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


@dataclass(slots=True)
class Node:
    """One value and where it stands. Shared by reference where the file uses an alias."""

    line: int  # from 1
    type: Type
    text: str = ""  # of a scalar, as written, quotes removed
    items: list[Node] = field(default_factory=list)  # of a list
    pairs: list[tuple[Node, Node]] = field(default_factory=list)  # of a mapping, in order

    @property
    def truth(self) -> bool:
        """The value of a ``bool``."""
        return self.text.lower() in _TRUE


class YamlError(InputError):
    """A file that is no YAML, or is beyond a limit. ``line`` counts from 1."""

    def __init__(self, what: str, line: int, do: str) -> None:
        super().__init__(what, do=do)
        self.line = line


def parse(content: bytes) -> Node | None:
    """The first document in ``content``; null when it is empty.

    Raises YamlError for bytes that are not UTF-8, a syntax error, a second document, or a limit.
    """
    return _build(_Builder(), decode(content))


def parse_documents(content: bytes) -> list[Node | YamlError]:
    """Every document in ``content`` that is not empty: its value, or why it cannot be read.

    A document that is broken does not take those after it with it. Raises YamlError where the
    file as a whole cannot be read: its size, its encoding.
    """
    text = decode(content)
    found: list[Node | YamlError] = []
    builder = _Builder()
    start = line = 0  # line: how many line ends lie before start
    for end in (*(m.start() for m in _MARKER.finditer(text)), len(text)):
        part = text[start:end]
        if _says_something(part):
            if len(found) == MAX_DOCUMENTS:
                what = f"the file has more than {MAX_DOCUMENTS:,} documents"
                found.append(YamlError(what, line + 1, "split it into several files"))
                break
            builder = _Builder(nodes=builder.nodes, before=line)
            try:
                root = _build(builder, part)
                found += [root] if root else []
            except YamlError as error:
                found.append(error)
                if builder.nodes > MAX_NODES:
                    break
        start, line = end, line + part.count("\n")
    return found


def decode(content: bytes) -> str:
    """The text of a file. Raises YamlError for too many bytes and for what is not UTF-8."""
    if len(content) > MAX_BYTES:
        raise YamlError(
            f"the file has {len(content):,} bytes, more than {MAX_BYTES:,}",
            1,
            "split it into several files",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise YamlError("the file is not UTF-8 text", line, "save it as UTF-8") from None


def _says_something(part: str) -> bool:
    """Whether there is more between two markers than directives, comments and blanks."""
    lines = part.removeprefix("---").splitlines()
    return any(line.strip() not in ("", "...") and line.lstrip()[0] not in "#%" for line in lines)


def _build(builder: _Builder, text: str) -> Node | None:
    before = builder.before
    try:
        return builder.build(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it cannot be read"
        raise YamlError(
            f"this is not valid YAML: {what}",
            # Never behind the last line, where a file that is cut off goes wrong.
            before + min(mark.line + 1 if mark else 1, text.rstrip("\n").count("\n") + 1),
            "check indentation, quotes and colons here and in the line above",
        ) from None
    except yaml.reader.ReaderError as error:
        line = before + text[: error.position].count("\n") + 1
        raise YamlError("a control character", line, "remove it") from None


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


class _Builder:
    """Turns events into nodes with a stack of its own."""

    def __init__(self, *, nodes: int = 0, before: int = 0) -> None:
        """``nodes`` were read, and ``before`` lines lie, before this part of the file."""
        self.before = before
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.keys: list[Node | None] = []  # per open node: a mapping's key that awaits its value
        self.anchors: dict[str, Node] = {}
        self.nodes = nodes

    def build(self, events: Iterator[yaml.Event]) -> Node | None:
        documents = 0
        for event in events:
            line = self.before + (event.start_mark.line + 1 if event.start_mark else 1)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError(
                        "a second document starts here", line, "keep one document in a file"
                    )
            elif isinstance(event, yaml.CollectionEndEvent):
                self.stack.pop()
                self.keys.pop()
            elif isinstance(event, yaml.NodeEvent):
                self._enter(event, line)
        return self.root

    def _enter(self, event: yaml.NodeEvent, line: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise YamlError(
                f"the file has more than {MAX_NODES:,} values", line, "split it into several files"
            )
        node = self._node(event, line)
        self._attach(node)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                raise YamlError(
                    f"values are nested more than {MAX_DEPTH} deep", line, "flatten the file"
                )
            self.stack.append(node)
            self.keys.append(None)

    def _node(self, event: yaml.NodeEvent, line: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise YamlError(
                    f"*{event.anchor} names no anchor above it", line, f"add &{event.anchor}"
                )
            return self.anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            node = Node(line, _type(event), text=event.value)
        else:
            kind: Literal["list", "mapping"] = (
                "list" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
            )
            node = Node(line, kind)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if parent.type == "list":
            parent.items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        else:
            parent.pairs.append((key, node))
            self.keys[-1] = None


def _type(event: yaml.ScalarEvent) -> Type:
    tag = event.tag
    if not tag or tag == "!":
        tag = _resolve(yaml.ScalarNode, event.value, event.implicit)
    return tag.removeprefix(_STANDARD) if tag.startswith(_STANDARD) else "other"
