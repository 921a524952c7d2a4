"""Whether a filter that left nothing names anything at all: a typo must not read as all clear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tracemap.cli.output import note
from tracemap.cli.text import clean

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap


def note_unseen(
    opened: PlainTracemap,
    *,
    rule: str | None = None,
    team: str | None = None,
    **named: str | None,
) -> None:
    """Say of what was asked for, and is neither a rule nor anything seen, that it is not.

    ``named`` are kinds of things that have owners: ``service``, ``destination``, ``workflow``.
    """
    rows = opened.owners().to_dicts()
    for kind, name in named.items():
        if name is not None:
            _note(f"no {kind} {{}} was seen", name, (r["name"] for r in rows if r["kind"] == kind))
    if team not in (None, "unowned"):
        _note("team {} owns nothing that was seen", team, (r["team"] for r in rows))
    if rule is not None:
        from tracemap import queries

        known = {r.code for r in queries.rules()} | {r.code for r in opened.rules()}
        for code in rule.split(","):
            _note("there is no rule {}", code, known)


def _note(said: str, name: str, known: Iterable[str | None]) -> None:
    names = {one for one in known if one}
    if name in names:
        return
    folded: Mapping[str, str] = {one.lower(): one for one in sorted(names)}
    near = get_close_matches(name.lower()[:200], folded, n=1)
    hint = f"; did you mean {folded[near[0]]!r}?" if near else ""
    note(clean(said.format(repr(name)) + hint))
