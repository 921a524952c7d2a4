"""Files that are read again when they change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

#: Seconds between two looks.
_PAUSE: Final = 1.0

#: What tells versions of files apart.
Stamp = tuple[tuple[int, int, int] | None, ...]


class Watched:
    """Tells whether some of its files have changed, looking once a second at most."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._looked = time.monotonic()
        self._seen = self._stamp()

    def due(self) -> bool:
        """Whether it is time to look again."""
        return bool(self._paths) and time.monotonic() - self._looked >= _PAUSE

    def changed(self) -> bool:
        """Whether they changed since this was asked last."""
        self._looked = time.monotonic()
        before, self._seen = self._seen, self._stamp()
        return before != self._seen

    def _stamp(self) -> Stamp:
        return tuple(_version(path) for path in self._paths)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
