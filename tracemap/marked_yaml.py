"""YAML with line numbers, read from libyaml's events within hard limits.

Why not ``yaml.compose``: it recurses, so that a file of 100,000 brackets ends the process, and it
resolves merge keys by copying, so that a few lines grow without bound. Here nothing recurses, an
alias is a second reference to one node and never a copy, and depth, size and count are limited.
No tag constructs anything: a scalar is its text and the name of its YAML 1.1 type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import yaml

from tracemap.errors import InputError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 32
MAX_NODES: Final = 500_000

#: ``null bool int float str timestamp list mapping``, or ``other`` for a tag of one's own.
Type = str

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The YAML 1.1 type that a plain scalar's text has (the stubs leave it untyped).
_resolve: Final[Callable[..., str]] = yaml.resolver.Resolver().resolve
_STANDARD: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset(["yes", "true", "on"])


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
    if len(content) > MAX_BYTES:
        raise YamlError(
            f"the file has {len(content):,} bytes, more than {MAX_BYTES:,}",
            1,
            "split it into several files",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise YamlError("the file is not UTF-8 text", line, "save it as UTF-8") from None
    try:
        return _Builder().build(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it cannot be read"
        raise YamlError(
            f"this is not valid YAML: {what}",
            mark.line + 1 if mark else 1,
            "check indentation, quotes and colons here and in the line above",
        ) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise YamlError("a control character", line, "remove it") from None


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


class _Builder:
    """Turns events into nodes with a stack of its own."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.keys: list[Node | None] = []  # per open node: a mapping's key that awaits its value
        self.anchors: dict[str, Node] = {}
        self.nodes = 0

    def build(self, events: Iterator[yaml.Event]) -> Node | None:
        documents = 0
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
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
