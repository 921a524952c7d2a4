"""A whole server of one database: receivers, analysis, and the API for the command line."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tracemap import __version__, tracing
from tracemap.batch import SpanBatch
from tracemap.collectors.access import Access
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.receivers import DEFAULT_GRPC, DEFAULT_HTTP, Address, Receivers
from tracemap.errors import InputError, ServerError, StoreBusyError, StoreError, TracemapError
from tracemap.local import LocalBackend
from tracemap.web import gate
from tracemap.web.api_thread import ApiThread, on_port, on_socket
from tracemap.web.app import Api
from tracemap.web.gate import Gate
from tracemap.web.keeper import Keeper
from tracemap.web.metrics import Metrics
from tracemap.web.place import answers, listen, socket_path

_log = logging.getLogger(__name__)

#: The pause after an analysis in the background is at least so many times as long as it took.
_ANALYSE_SHARE: Final = 10.0
#: Seconds that a reader may be kept waiting so that ingest gets its share.
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """What to serve and where. ``grpc``, ``http`` and ``web`` are HOST:PORT; port 0 is any."""

    db: Path
    grpc: str | None = DEFAULT_GRPC
    http: str | None = DEFAULT_HTTP
    web: str | None = None
    #: Other names by which requests may call the query API, with a port or for every port.
    web_names: tuple[str, ...] = ()
    #: Settings to store in the database before serving; null leaves what is stored.
    grace_ns: int | None = None
    lag_ns: int | None = None
    redact: tuple[str, ...] | None = None
    #: Seconds between two analyses in the background at least; null: only when somebody asks.
    analyse_every: float | None = 5.0
    #: What to keep: spans received within so many ns, and so many bytes; null: everything.
    keep_ns: int | None = None
    max_size: int | None = None
    #: Bytes that DuckDB may hold; null: what it takes by itself.
    memory: int | None = None
    #: Where tracemap's own traces go (``own_traces``); null: there are none.
    trace_self: str | None = None
    #: What the receivers may be made to spend.
    limits: Limits = DEFAULT_LIMITS
    #: Who may come in over TCP. The socket beside the database is its owner's, without more.
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a started server can be reached."""

    grpc: str | None
    http: str | None
    web: str | None
    socket: str


class Server:
    """Serves ``options.db`` from ``start`` to ``stop``; as a context manager, within it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._place = socket_path(options.db)
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._open = contextlib.ExitStack()
        self._backend: LocalBackend | None = None
        self._api: ApiThread | None = None
        self._write_error: str | None = None
        self._analysed = 0
        self._losses: list[str] = []
        #: Where it listens, once started.
        self.listening: Listening | None = None

    def start(self) -> Listening:
        """Open the database and listen. On an error nothing is left running.

        Raises StoreBusyError when another process holds the database, StoreError when it cannot be
        opened, ServerError when a port cannot be had, InputError for an address that is none.
        """
        access = self._options.access
        web = None if self._options.web is None else _web_address(self._options.web, access)
        _refuse_second(self._options.db, self._place)
        with contextlib.ExitStack() as undo:
            self._backend = LocalBackend.open(
                self._options.db,
                create=True,
                alone=True,
                longest_pause=_LONGEST_PAUSE,
                memory=self._options.memory,
            )
            undo.callback(self._close)
            if self._options.trace_self is not None:
                self._trace_self(self._options.trace_self, undo)
            self._losses = [str(loss) for loss in self._backend.store.losses()]
            self._configure(self._backend)
            receivers = Receivers(
                self._write,
                grpc=self._options.grpc,
                http=self._options.http,
                limits=self._options.limits,
                access=access,
            )
            listener = listen(self._place)
            undo.callback(self._remove_socket)
            undo.callback(listener.close)
            metrics = Metrics(self._backend.store, receivers)
            api = Api(self._backend, self.health, metrics.text)
            served = [(on_socket(api.app()), listener)]
            port = None
            if web is not None:
                port = _listen_web(web)
                undo.callback(port.close)
                web = Address(web.host, port.getsockname()[1])
                names = _names_of(web, self._options.web_names)
                app = Gate(api.app(), access.tokens, names)
                served.append((on_port(app, self._options.limits, access.tls), port))
            if self._options.analyse_every is not None:
                self._start_analysis(self._options.analyse_every, undo)
            if self._options.keep_ns is not None or self._options.max_size is not None:
                keeper = Keeper(self._backend, self._options.keep_ns, self._options.max_size)
                keeper.start()
                undo.callback(self._end, keeper.thread)
                undo.callback(keeper.stop)
            self._api = ApiThread(served)
            undo.callback(self._api.stop)
            self._api.start()
            receivers.start()
            undo.callback(receivers.stop)
            self.listening = Listening(
                grpc=str(receivers.grpc) if receivers.grpc else None,
                http=str(receivers.http) if receivers.http else None,
                web=str(web) if web else None,
                socket=str(self._place),
            )
            # Everything is up: what was to be undone on an error is now to be done at the end.
            self._open = undo.pop_all()
        return self.listening

    def stop(self) -> None:
        """Stop accepting, finish what is in flight, checkpoint and close. Twice is harmless."""
        self._open.close()
        self.listening = None

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

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether spans are taken and can be written, and what the server says of itself."""
        listening = self.listening
        stored = self._backend.store.last_batch() if self._backend else 0
        details = {
            "version": __version__,
            "pid": os.getpid(),
            "database": str(self._options.db.resolve()),
            "grpc": listening.grpc if listening else None,
            "http": listening.http if listening else None,
            "web": listening.web if listening else None,
            "batches_stored": stored,
            "batches_analysed": min(self._analysed, stored),
            "write_error": self._write_error,
            "losses": self._losses,
        }
        return listening is not None and self._write_error is None, details

    def _write(self, batches: Sequence[SpanBatch]) -> None:
        assert self._backend is not None
        try:
            self._backend.store.write(batches, source="live", kind="live")
        except TracemapError as error:
            self._write_error = str(error)
            raise
        self._write_error = None
        if not tracing.only_own(batches):  # or the spans of an analysis would bring on the next
            self._changed.set()

    def _trace_self(self, to: str, undo: contextlib.ExitStack) -> None:
        from tracemap.web.own_traces import OwnTraces  # the SDK is loaded for those who ask for it

        assert self._backend is not None
        store = self._backend.store
        # Not through ``_write``: they are no reason for an analysis, which would be traced again.
        own = OwnTraces(to, lambda batches: store.write(batches, source="live", kind="live"))
        undo.callback(own.stop)

    def _configure(self, backend: LocalBackend) -> None:
        grace, lag = self._options.grace_ns, self._options.lag_ns
        stored = backend.settings()
        wanted = replace(
            stored,
            grace_ns=stored.grace_ns if grace is None else grace,
            lag_ns=stored.lag_ns if lag is None else lag,
            redact=stored.redact if self._options.redact is None else self._options.redact,
        )
        if wanted != stored:
            backend.configure(wanted)

    def _start_analysis(self, every: float, undo: contextlib.ExitStack) -> None:
        analysis = threading.Thread(
            target=self._analyse, args=(every,), name="tracemap-analysis", daemon=True
        )
        if self._backend and self._backend.store.last_batch():
            self._changed.set()  # what an earlier server stored may not be analysed yet
        analysis.start()
        undo.callback(self._end, analysis)
        undo.callback(self._stop_analysis)

    def _analyse(self, every: float) -> None:
        """Analyse after new spans, so that findings are known before anybody asks."""
        assert self._backend is not None
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            if self._stopping.is_set():
                return
            began = time.monotonic()
            upto = self._backend.store.last_batch()
            try:
                self._backend.refresh()
                self._analysed = upto
            except Exception:  # noqa: BLE001 - logged, and told to readers when they ask
                if self._stopping.is_set():
                    return
                # The spans are safe, readers are told of the error, and the next spans try again.
                _log.exception("the analysis failed")
            pause = max(every, _ANALYSE_SHARE * (time.monotonic() - began))
            self._stopping.wait(pause)

    def _stop_analysis(self) -> None:
        self._stopping.set()
        self._changed.set()

    def _end(self, thread: threading.Thread) -> None:
        """Wait for a thread that has been told to stop, but not for what it has under way: an
        analysis of much takes minutes, changes nothing until its end, and can be done again."""
        assert self._backend is not None
        while thread.is_alive():
            self._backend.store.interrupt(thread)
            thread.join(0.05)

    def _close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is None:
            return
        backend.store.interrupt()  # what a reader still waits for when its time is over
        try:
            backend.store.checkpoint()
        except Exception:  # noqa: BLE001 - logged; nothing is lost by it
            # Everything acknowledged is in the write-ahead log; the next start reads it from there.
            _log.exception("no checkpoint at the end")
        backend.close()

    def _remove_socket(self) -> None:
        self._place.unlink(missing_ok=True)


def write_ready_file(path: Path, listening: Listening) -> None:
    """Tell whoever started this server where it listens, all at once. Raises StoreError."""
    told = {
        "pid": os.getpid(),
        "grpc": listening.grpc,
        "http": listening.http,
        "web": listening.web,
        "socket": listening.socket,
    }
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps(told) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise StoreError(
            f"the ready file cannot be written: {error.strerror}", where=str(path)
        ) from error


def _refuse_second(db: Path, place: Path) -> None:
    if not answers(place):
        return
    from tracemap.web.client import RemoteBackend

    other = RemoteBackend.beside(place)
    try:
        process = f" (process {other.health().get('pid')})"
    except ServerError:
        process = ""
    finally:
        other.close()
    raise StoreBusyError(
        f"a tracemap server{process} already serves this database",
        where=str(db),
        do="send spans to that one, stop it, or give another --db",
    )


def _web_address(text: str, access: Access) -> Address:
    """The address for the query API: beyond this machine only for those who can be told apart."""
    address = Address.parse(text)
    known = access.tokens.protects(*gate.SCOPES) or (access.tls is not None and access.tls.mutual)
    if not known and not _inside(address):
        raise InputError(
            f"anyone who reaches {address} could read everything that is stored",
            where="--web",
            do="give a token with the scope query (--token-file), or --web 127.0.0.1:PORT",
        )
    return address


def _inside(address: Address) -> bool:
    try:
        return address.host == "localhost" or ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return False


def _names_of(address: Address, more: Sequence[str]) -> frozenset[str] | None:
    """Hosts that requests may name: this machine's own, where that is where it listens."""
    names = frozenset(name.lower() for name in more)
    if not _inside(address):
        return names or None
    hosts = ("localhost", "127.0.0.1", "[::1]", str(address).rpartition(":")[0])
    return names | {f"{host}:{address.port}" for host in hosts}


def _listen_web(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address.host, address.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ServerError(
            f"cannot listen on {address}: {error.strerror}", do="choose another --web HOST:PORT"
        ) from error
    return listener
