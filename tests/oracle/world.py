"""Spans as they were exported, and what the rules ask of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: One value of one key; of what no key reaches ("trace", trace id); of a message whose producer
#: sent no telemetry it is what names the message.
Identity = tuple[str, str]
Members = frozenset[Identity]


@dataclass(frozen=True)
class Span:
    """One span as it was exported. Its id is unique within its trace; ``number`` beyond it."""

    trace: int
    number: int
    parent: int = 0
    service: str = "a"
    name: str = "work"
    kind: str = "internal"
    start: int = 0
    end: int = 0
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    operation: str | None = None
    system: str | None = None
    destination: str | None = None
    message_id: str | None = None
    partition: str | None = None
    offset: str | None = None

    @property
    def id(self) -> tuple[int, int]:
        return self.trace, self.number

    @property
    def takes(self) -> bool:
        """It takes a message from a destination."""
        told = ("receive", "process", "settle")
        return (
            self.kind == "consumer"
            or (self.kind == "client" and self.operation in told)
            or (self.kind == "internal" and self.operation == "process")
        )

    @property
    def consumes(self) -> bool:
        return self.kind == "consumer" or self.operation in ("receive", "process")


@dataclass
class World:
    """Spans without copies, and what the rules ask of them."""

    exported: list[Span]
    ranks: dict[str, int]
    hub_limit: int = 10_000
    spans: dict[tuple[int, int], Span] = field(init=False)

    def __post_init__(self) -> None:
        last: dict[tuple[int, int], Span] = {}
        for span in self.exported:
            if span.id not in last or span.end > last[span.id].end:
                last[span.id] = span
        self.spans = last
        self.below: dict[Span, list[Span]] = defaultdict(list)
        self.linked_from: dict[Span, list[Span]] = defaultdict(list)
        for span in self.all:
            if parent := self.parent(span):
                self.below[parent].append(span)
            for target in self.links(span):
                self.linked_from[target].append(span)
        traces = defaultdict(set)
        for span in self.all:
            for identity in _identities(span):
                traces[identity].add(span.trace)
        hubs = {identity for identity, seen in traces.items() if len(seen) > self.hub_limit}
        self.carried = {
            s: {i for i in _identities(s) if i[0] in self.ranks} - hubs for s in self.all
        }

    @property
    def all(self) -> list[Span]:
        return list(self.spans.values())

    def parent(self, span: Span) -> Span | None:
        """Its parent where that is stored, and not itself."""
        found = self.spans.get((span.trace, span.parent)) if span.parent else None
        return found if found is not span else None

    def above(self, span: Span) -> Iterator[Span]:
        """Its ancestors, nearest first; each once, where parents go in a circle."""
        seen = set[Span]()
        at = self.parent(span)
        while at is not None and at not in seen:
            yield at
            seen.add(at)
            at = self.parent(at)

    def links(self, span: Span) -> list[Span]:
        """What it links to, of what is stored."""
        return [self.spans[i] for i in dict.fromkeys(span.links) if i in self.spans]

    def rank(self, identity: Identity) -> int:
        return self.ranks[identity[0]]

    def highest(self, identities: Iterable[Identity]) -> set[Identity]:
        """Those of the highest key among them."""
        found = set(identities)
        top = min((self.rank(i) for i in found), default=0)
        return {i for i in found if self.rank(i) == top}


def _identities(span: Span) -> set[Identity]:
    return {(key, value) for key, values in span.keys for value in values if value}
