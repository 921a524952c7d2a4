"""Deletes what is older or more than a server is to keep, beside ingest and analysis."""

from __future__ import annotations

import logging
import threading
from typing import Final

from tracemap.local import LocalBackend

_log = logging.getLogger(__name__)

#: Seconds between two looks at age and size.
EVERY: Final = 600.0


class Keeper:
    """A thread that keeps a database within ``keep_ns`` and ``most`` bytes until ``stop``."""

    def __init__(
        self, backend: LocalBackend, keep_ns: int | None, most: int | None, *, every: float = EVERY
    ) -> None:
        self._backend = backend
        self._bounds = (keep_ns, most)
        self._every = every
        self._stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="tracemap-keeper", daemon=True)

    def start(self) -> None:
        """Begin, with a first look at once."""
        self.thread.start()

    def stop(self) -> None:
        """Begin nothing more; ``thread`` ends after what is under way."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                deleted = self._backend.keep(*self._bounds)
                if deleted.rows:
                    _log.info(
                        "deleted %d spans of %d executions, and %d log records",
                        deleted.spans,
                        len(deleted.executions),
                        deleted.logs,
                    )
            except Exception:  # noqa: BLE001 - logged; the next look tries again
                if self._stopping.is_set():
                    return
                _log.exception("old spans could not be deleted")
            self._stopping.wait(self._every)
