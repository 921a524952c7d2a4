"""HTTP connections that nobody can hold for nothing.

uvicorn waits for ever for a request's head, and accepts connections until the process has no file
descriptors left; then neither new exporters nor the database can open anything. Here a head has a
time in which it must arrive, and connections have a number. Under TLS both count from the first
byte, before there is a request or a client that is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from tracemap.collectors.access import Tls
from tracemap.collectors.otlp.limits import Limits

_log = logging.getLogger(__name__)


def config(app: Any, limits: Limits, tls: Tls | None = None, **options: Any) -> uvicorn.Config:
    """How uvicorn serves ``app`` within ``limits``."""
    protocol: Any = partial(Connection, limits)
    if tls is not None:
        protocol = partial(_Handshake, tls, limits, set(), protocol)
    return uvicorn.Config(
        app,
        http=protocol,  # it is called, no more
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whoever comes may write them
        h11_max_incomplete_event_size=limits.header_bytes,
        # Longer than any exporter's interval, so that it is not closed under its hands.
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # any number will do
        **options,
    )


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 with the two bounds; beyond them a connection is closed without a word."""

    def __init__(self, limits: Limits, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
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
        self._head = self.loop.call_later(self._limits.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _give_up(self) -> None:
        self._head = None
        if not self._is_busy():
            self.transport.abort()


class _Handshake(asyncio.Protocol):
    """A connection until TLS stands; then its transport is handed to ``protocol``.

    Not uvicorn's own TLS: there a connection counts, and its time runs, only after the handshake.
    """

    def __init__(
        self,
        tls: Tls,
        limits: Limits,
        under_way: set[_Handshake],
        protocol: Callable[..., Connection],
        **given: Any,
    ) -> None:
        self._tls = tls
        self._limits = limits
        self._under_way = under_way
        self._protocol = protocol(**given)
        self._early: list[bytes] = []
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake, unless there are too many connections."""
        assert isinstance(transport, asyncio.Transport)
        self._under_way.add(self)
        if len(self._under_way) + len(self._protocol.connections) > self._limits.connections:
            transport.abort()
        else:
            self._task = self._protocol.loop.create_task(self._secure(transport))

    def data_received(self, data: bytes) -> None:
        """A request that came in one piece with the end of the handshake."""
        self._early.append(data)

    def connection_lost(self, _: Exception | None) -> None:
        """It ended before there was a request."""
        self._ended = True
        self._under_way.discard(self)

    async def _secure(self, plain: asyncio.Transport) -> None:
        try:
            secure = await self._protocol.loop.start_tls(
                plain,
                self,
                self._tls.context,
                server_side=True,
                ssl_handshake_timeout=self._limits.head_seconds,
            )
        except (OSError, ValueError) as error:  # plain text, an unknown certificate, gone
            _log.debug("no TLS with %s: %s", plain.get_extra_info("peername"), error)
            plain.abort()
            return
        finally:
            self._under_way.discard(self)
        if secure is None or self._ended:
            return
        secure.set_protocol(self._protocol)
        self._protocol.connection_made(secure)
        for data in self._early:
            self._protocol.data_received(data)
