"""Outputs pinned word for word; ``UPDATE_GOLDEN=1`` writes them anew, for a person to review."""

from __future__ import annotations

import os
from pathlib import Path

from tracemap import audit, ownership_map, responsibilities
from tracemap.api import Tracemap
from tracemap.ownership_map_markdown import to_markdown

GOLDEN = Path(__file__).parent / "golden" / "audit"


def pinned(name: str, text: str) -> None:
    """Compare ``text`` with the file of that name."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, name


def without_times(opened: Tracemap) -> str:
    """What the map, the audit and the gaps say that no clock has a part in."""
    lines = [to_markdown(ownership_map.seen(opened))]
    for one in audit.read(opened):
        row = one.summary
        states = ("completed", "compensated", "failed", "stalled", "abandoned", "running")
        lines.append(f"{one.workflow}: {', '.join(f'{row[s]} {s}' for s in states if row[s])}")
        lines.append(f"  {len(one.sync)} synchronous, {len(one.asynchronous)} asynchronous")
        lines += [f"  undone by {audit.compensation(row)}" for row in one.compensations]
        lines += [
            f"  {gap.state}: {gap.kind}: {gap.boundary or 'the workflow'}"
            for gap in responsibilities.gaps(one)
        ]
    return "\n".join(lines) + "\n"
