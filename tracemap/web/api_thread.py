"""Runs the API's uvicorn servers on one event loop in one thread, beside gRPC and the writer."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from typing import Any, Final

import uvicorn

from tracemap.collectors.access import Tls
from tracemap.collectors.otlp import connections
from tracemap.collectors.otlp.limits import Limits
from tracemap.errors import ServerError

_log = logging.getLogger(__name__)

#: Seconds for what is in flight when the server stops.
GRACE: Final = 10
#: Requests and connections at one moment, of each listener.
MOST: Final = 256


class ApiThread:
    """Serves each application on its listening socket until ``stop``."""

    def __init__(self, served: Sequence[tuple[uvicorn.Config, socket.socket]]) -> None:
        self._servers = [(uvicorn.Server(config), listener) for config, listener in served]
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="tracemap-api", daemon=True)

    def start(self) -> None:
        """Return once every application answers. Raises ServerError when one cannot."""
        self._thread.start()
        while not all(server.started for server, _ in self._servers):
            self._thread.join(0.01)
            if not self._thread.is_alive():
                raise ServerError(f"the API did not start: {self._failure}")

    def stop(self) -> None:
        """Stop accepting, finish what is in flight, and return."""
        for server, _ in self._servers:
            server.should_exit = True
        self._thread.join(GRACE + 5)

    def alive(self) -> bool:
        """Whether the applications are still served."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - start() and alive() tell of it
            self._failure = error
            _log.error("the API ended", exc_info=error)

    async def _serve(self) -> None:
        await asyncio.gather(
            *(server.serve(sockets=[listener]) for server, listener in self._servers)
        )


def on_socket(app: Any) -> uvicorn.Config:
    """How ``app`` is served to the owner of the database."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        limit_concurrency=MOST,
    )


def on_port(app: Any, limits: Limits, tls: Tls | None) -> uvicorn.Config:
    """How ``app`` is served to others, who may be slow, many, or none that should come."""
    return connections.config(
        app, limits, tls, timeout_graceful_shutdown=GRACE, limit_concurrency=MOST
    )
