"""Both OTLP receivers over one group commit: started together, stopped in order."""

from __future__ import annotations

import errno
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn

from tracemap.collectors.access import Access
from tracemap.collectors.otlp import connections
from tracemap.collectors.otlp import grpc as _grpc
from tracemap.collectors.otlp.counters import Counters
from tracemap.collectors.otlp.entrance import Entrance
from tracemap.collectors.otlp.http import OtlpHttp
from tracemap.collectors.otlp.intake import Intake
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.writer import GroupCommit, Sink
from tracemap.errors import InputError, ServerError

DEFAULT_GRPC = "127.0.0.1:4317"
DEFAULT_HTTP = "127.0.0.1:4318"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """'127.0.0.1:4317' or '[::1]:4317'. Raises InputError."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdigit() or int(port) > 65535:
            raise InputError(f'"{text}" is no address', do="write it as HOST:PORT")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Receivers:
    """OTLP over gRPC and HTTP in front of a sink such as ``Store.write``.

    ``grpc`` and ``http`` are HOST:PORT, or None to leave one out; ``access`` is who may come. As a
    context manager it starts and stops.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        grpc: str | None = DEFAULT_GRPC,
        http: str | None = DEFAULT_HTTP,
        limits: Limits = DEFAULT_LIMITS,
        access: Access | None = None,
    ) -> None:
        self._sink = sink
        self._limits = limits
        #: Who may come in.
        self.access = access or Access()
        #: Where to listen: gRPC, HTTP.
        self.wanted = (
            Address.parse(grpc) if grpc is not None else None,
            Address.parse(http) if http is not None else None,
        )
        #: What was taken and refused since the start.
        self.counters = Counters()
        #: Where each listens once started, with the port that was chosen.
        self.grpc: Address | None = None
        self.http: Address | None = None
        self._intake: Intake | None = None
        self._writer: GroupCommit | None = None
        self._grpc_server: _grpc.Server | None = None
        self._http_server: _HttpServer | None = None

    @property
    def waiting(self) -> int:
        """Requests that are received and not yet committed."""
        return self._intake.waiting if self._intake is not None else 0

    @property
    def waiting_bytes(self) -> int:
        """Bytes of those requests, decompressed."""
        return self._intake.waiting_bytes if self._intake is not None else 0

    def start(self) -> None:
        """Listen. Raises ServerError, with nothing left running, when a port cannot be had."""
        self._writer = GroupCommit(self._sink, counters=self.counters)
        self._intake = Intake(self._writer, self._limits, counters=self.counters)
        wanted_grpc, wanted_http = self.wanted
        try:
            if wanted_http is not None:
                listener = _listen(wanted_http, "--http")
                self.http = Address(wanted_http.host, listener.getsockname()[1])
                app = Entrance(OtlpHttp(self._intake, self._limits), self.access, self.counters)
                config = connections.config(app, self._limits, self.access.tls, date_header=False)
                self._http_server = _HttpServer(config, listener)
            if wanted_grpc is not None:
                _listen(wanted_grpc, "--grpc").close()  # gRPC does not say why it cannot
                self._grpc_server = _grpc.Server(self._intake, self._limits, self.access)
                self.grpc = Address(wanted_grpc.host, _bind(self._grpc_server, wanted_grpc))
                self._grpc_server.start()
            if self._http_server is not None:
                self._http_server.start()
        except BaseException:
            self.stop(grace=0)
            raise

    def stop(self, grace: float = 10.0) -> bool:
        """Take no new requests, finish what is in flight within ``grace`` seconds, stop.

        False when a commit was still running then: the sink may be used a while longer.
        """
        written = True
        deadline = time.monotonic() + grace
        grpc_stopped = self._grpc_server.stop(grace) if self._grpc_server is not None else None
        if self._http_server is not None:
            self._http_server.stop(grace)
        if grpc_stopped is not None:
            grpc_stopped.wait()
        for stage in (self._intake, self._writer):
            if stage is not None:
                written &= stage.close(max(1.0, deadline - time.monotonic()))
        self._grpc_server = self._http_server = self._intake = self._writer = None
        self.grpc = self.http = None
        return written

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _HttpServer:
    """uvicorn in a thread of its own, on a socket that is already listening."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(config)
        self._config = config
        self._thread = threading.Thread(target=self._run, name="tracemap-http", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])

    def start(self) -> None:
        """Return once requests are answered."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ServerError("the HTTP receiver did not start", do="see the log")
            time.sleep(0.005)

    def stop(self, grace: float) -> None:
        """Close idle connections, wait for the others at most ``grace`` seconds."""
        self._config.timeout_graceful_shutdown = max(1, round(grace))
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(grace + 2)
        self._listener.close()


def _listen(address: Address, option: str) -> socket.socket:
    """A listening socket. Raises ServerError that says why there can be none."""
    try:
        family, kind, protocol, _, name = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ServerError(
            f"{address.host} is no address of this machine", do=f"give {option} HOST:PORT"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(name)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise _cannot_listen(address, option, error) from error
    return listener


def _cannot_listen(address: Address, option: str, error: OSError) -> ServerError:
    other = f"or choose another with {option} HOST:PORT"
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"port {address.port} on {address.host} is in use",
            do=f"stop what listens there, {other}",
        )
    if error.errno == errno.EACCES:
        return ServerError(
            f"port {address.port} on {address.host} is not allowed to this user",
            do=f"take a port above 1023, {other}",
        )
    return ServerError(f"cannot listen on {address}: {error.strerror}", do=f"check it, {other}")


def _bind(server: _grpc.Server, address: Address) -> int:
    try:
        return server.bind(str(address))
    except RuntimeError as error:
        raise _cannot_listen(
            address, "--grpc", OSError(errno.EADDRINUSE, "address in use")
        ) from error
