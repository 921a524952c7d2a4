"""Where scenarios are registered under the name of their folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from scenarios.builder import START, Scenario

Write = Callable[[Scenario], None]

_scenarios: dict[str, tuple[Write, tuple[str, ...], str]] = {}


def scenario(
    name: str, *, lookalike_of: tuple[str, ...] = (), start: str = START
) -> Callable[[Write], Write]:
    """Register a scenario; its docstring becomes the folder's README.

    ``lookalike_of`` names the rules whose pattern it resembles without deserving the finding.
    """

    def register(write: Write) -> Write:
        if name in _scenarios:
            raise ValueError(f"two scenarios are called {name}")
        _scenarios[name] = (write, lookalike_of, start)
        return write

    return register


def names() -> list[str]:
    """Return the names of all registered scenarios, sorted."""
    return sorted(_scenarios)


def build(name: str) -> Scenario:
    """Return the scenario of that name, written."""
    write, lookalike_of, start = _scenarios[name]
    text = inspect.getdoc(write) or ""
    out = Scenario(name, text=text, lookalike_of=lookalike_of, start=start)
    write(out)
    return out
