"""HTTP connections that nobody can hold for nothing.

uvicorn waits for ever for a request's head, and accepts connections until the process has no file
descriptors left; then neither new exporters nor the database can open anything. Here a head has a
time in which it must arrive, and connections have a number.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

#: Seconds from the connection, or from the first byte of a further request, to the end of its head.
HEAD_SECONDS: Final = 10.0
#: Connections of one server at a time. Processes may usually open 1024 files.
MOST: Final = 512


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 with the two bounds; beyond them a connection is closed without a word."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()
        else:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Read on; while there is no whole head, its time runs."""
        super().data_received(data)
        if self._is_busy():
            self._stop_waiting()
        elif self._head is None and self.timeout_keep_alive_task is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_busy(self) -> bool:
        """Whether a request is being received or answered."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's type leaves out None
        return cycle is not None and not cycle.response_complete

    def _expect_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _give_up(self) -> None:
        self._head = None
        if not self._is_busy():
            self.transport.abort()
