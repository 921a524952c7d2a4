"""Steps in the order of cause: what led to a step comes before it, whatever the clocks say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracemap.cli.table import Row


class Ordered(NamedTuple):
    """A step, the hand-off that led to it, and where it stands in the tree of hand-offs."""

    step: Row
    arrival: Row | None
    branch: str
    depth: int


def ordered(steps: Sequence[Row], handoffs: Sequence[Row]) -> Iterator[Ordered]:
    """The steps as a tree along the hand-offs, each once; ``branch`` draws it."""
    # A virtual step has its caller's span id: the kind tells them apart.
    into: dict[str, Row] = {}
    for handoff in handoffs:
        into.setdefault(handoff["to_step"], handoff)
    known = {s["step"] for s in steps if not s["is_virtual"]}
    children: dict[str | None, list[Row]] = {}
    for step in steps:
        before = None if step["is_virtual"] else into.get(step["step"])
        above = before["from_step"] if before else step["caller_step"]
        children.setdefault(above if above in known else None, []).append(step)
    seen: set[int] = set()
    stack: list[tuple[Row, str, str, int]]
    stack = [(s, "", "", 0) for s in reversed(children.get(None, []))]
    # Steps on a cycle have no root: they are begun with the earliest that is left.
    for first in (*([None] * bool(stack)), *steps):
        if first is not None and id(first) not in seen:
            stack.append((first, "", "", 0))
        while stack:
            step, branch, below, depth = stack.pop()
            if id(step) in seen:
                continue
            seen.add(id(step))
            arrival = None if step["is_virtual"] else into.get(step["step"])
            yield Ordered(step, arrival, branch, depth)
            kids = [] if step["is_virtual"] else children.get(step["step"], [])
            for index, kid in enumerate(reversed(kids)):
                tip, trunk = ("└ ", "  ") if index == 0 else ("├ ", "│ ")
                stack.append((kid, below + tip, below + trunk, depth + 1))
