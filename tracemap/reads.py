"""What is asked of a database, and within which limits, whoever answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracemap.rows import Rows

#: A named read and what to bind: ("api/executions", {"status": "running", ...}).
Read = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one statement may use."""

    rows: int = 100_000
    seconds: float = 30.0
    result_bytes: int = 256 * 2**20
    memory_bytes: int = 2**30
    temporary_bytes: int = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a statement; ``truncated`` when there were more than the limit."""

    rows: Rows
    truncated: bool
