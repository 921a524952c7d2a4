"""Colours, in one place: trouble is loud, what is well is quiet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracemap.cli.table import Row

#: In the order in which a person wants to hear of them.
STATUS_STYLE: Final[Mapping[str, str]] = {
    "stalled": "bold yellow",
    "abandoned": "bold magenta",
    "failed": "red",
    "compensated": "blue",
    "running": "cyan",
    "completed": "green",
}

STEP_STYLE: Final[Mapping[str, str]] = {"error": "red", "open": "yellow", "ok": ""}


def status_style(row: Row) -> str:
    """The colour of an execution's status."""
    return STATUS_STYLE.get(str(row["status"]), "")
