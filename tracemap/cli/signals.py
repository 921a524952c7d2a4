"""What the process is told by signals while it serves: to stop, or to read its files again."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_STOP = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """The signals that came since it was made, in order; make it in the main thread.

    A handler runs between any two instructions of the main thread, so it must not take a lock
    that the main thread may hold just then: ``threading.Event`` has one, and a handler that sets
    the event which the main thread begins to wait for waits for itself for ever.
    ``SimpleQueue.put`` is reentrant (Python library, queue), and all that is done here.
    """

    def __init__(self) -> None:
        self._came: SimpleQueue[int] = SimpleQueue()
        for number in (*_STOP, signal.SIGHUP):
            signal.signal(number, self._take)

    def until_stop(self, hang_up: Callable[[], None]) -> None:
        """Wait for SIGINT or SIGTERM; call ``hang_up`` for each SIGHUP before it."""
        while self._came.get() == signal.SIGHUP:
            hang_up()

    def _take(self, number: int, _: FrameType | None) -> None:
        if number in _STOP:
            signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
        self._came.put(number)
