"""OTLP over gRPC: the Export methods with undecoded messages, since the intake wants bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc

from tracemap.collectors.access import Access, Tls
from tracemap.collectors.access.tokens import Refusal
from tracemap.collectors.otlp.intake import Intake
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.signals import SIGNALS, Signal
from tracemap.collectors.otlp.status import Failure, success_to_protobuf

_CODES = {code.value[0]: code for code in grpc.StatusCode}

#: Requests that wait for a commit each hold a thread; threads are cheap, their bodies are not.
_THREADS = 32
#: Once every thread waits for a body, bodies have this share of their time left to arrive.
_HASTE = 0.1


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers Export calls. Everything else is UNIMPLEMENTED."""

    def __init__(self, intake: Intake, bodies: _Bodies, access: Access) -> None:
        self._intake = intake
        self._bodies = bodies
        self._tokens = access.tokens
        # As a stream of one message, which is the same on the wire: the body's time can be taken.
        self._methods = {
            signal.method: grpc.stream_unary_rpc_method_handler(partial(self._export, signal))
            for signal in SIGNALS
        }

    def service(self, details: Any) -> Any:
        """The handler of a call, by its method; one that reads nothing, when it may not pass."""
        method = self._methods.get(details.method)
        if method is not None and self._tokens.protects("ingest"):
            given = dict(details.invocation_metadata).get("authorization")
            if refusal := self._tokens.refusal(given if isinstance(given, str) else None, "ingest"):
                return self._refused(refusal)
        return method

    def _refused(self, refusal: Refusal) -> Any:
        """Answers a call without waiting for its body: it holds no thread for longer than that."""
        failure = Failure.http_only(refusal.status, refusal.message)

        def answer(_: Iterator[bytes], context: Any) -> bytes:
            self._intake.counters.answered("grpc", failure.http)
            self._abort(context, failure, ("www-authenticate", refusal.challenge))
            raise AssertionError("abort raises")

        return grpc.stream_unary_rpc_method_handler(answer)

    def _export(self, signal: Signal, messages: Iterator[bytes], context: Any) -> bytes:
        counters = self._intake.counters
        body = self._bodies.receive(messages, context)
        counters.received("grpc", len(body))
        try:
            answer = success_to_protobuf(self._intake.submit(body, signal).result())
        except Exception as error:  # noqa: BLE001 - every error has an answer
            failure = Failure.of(error)
        else:
            counters.answered("grpc", 200)
            return answer
        counters.answered("grpc", failure.http)
        self._abort(context, failure)
        raise AssertionError("abort raises")

    @staticmethod
    def _abort(context: Any, failure: Failure, *more: tuple[str, str]) -> None:
        # Where clients look for RetryInfo (gRPC's richer error model).
        context.set_trailing_metadata((("grpc-status-details-bin", failure.to_protobuf()), *more))
        context.abort(_CODES[failure.code], failure.message)


class _Bodies:
    """Calls whose body is on its way: one that does not come in time must not hold its thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._change = threading.Condition()
        self._calls: dict[Any, float] = {}  # since when, the oldest first
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tracemap-grpc-bodies")
        self._thread.daemon = True

    def start(self) -> None:
        """Watch from now on."""
        self._thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        with self._change:
            self._change.notify()

    def receive(self, messages: Iterator[bytes], context: Any) -> bytes:
        """The one message of a call. Raises grpc.RpcError when the call ends before it is here."""
        with self._change:
            self._calls[context] = time.monotonic()
            self._change.notify()
        try:
            return next(messages, b"")
        finally:
            with self._change:
                del self._calls[context]

    def _watch(self) -> None:
        while not self._closed.wait(min(self._seconds * _HASTE, 1.0)):
            with self._change:
                while not self._calls and not self._closed.is_set():
                    self._change.wait()
                allowed = self._seconds * (_HASTE if len(self._calls) >= _THREADS else 1.0)
                before = time.monotonic() - allowed
                late = [call for call, since in self._calls.items() if since <= before]
            for context in late:
                context.cancel()


class Server:
    """A gRPC server of the trace service."""

    def __init__(
        self, intake: Intake, limits: Limits = DEFAULT_LIMITS, access: Access | None = None
    ) -> None:
        access = access or Access()
        self._tls = access.tls
        self._bodies = _Bodies(limits.body_seconds)
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="tracemap-grpc"),
            handlers=(_Handler(intake, self._bodies, access),),
            options=(
                ("grpc.max_receive_message_length", limits.body),
                ("grpc.max_metadata_size", limits.header_bytes),
                ("grpc.absolute_max_metadata_size", limits.header_bytes),
                ("grpc.max_allowed_incoming_connections", limits.connections),
                ("grpc.server_handshake_timeout_ms", round(limits.head_seconds * 1000)),
                ("grpc.max_connection_idle_ms", round(limits.idle_seconds * 1000)),
                ("grpc.so_reuseport", 0),  # a second collector on the port must fail, not share it
            ),
            maximum_concurrent_rpcs=limits.grpc_calls,
        )

    def bind(self, address: str) -> int:
        """Listen at HOST:PORT; the port. Raises RuntimeError, without saying why it cannot."""
        if self._tls is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, _credentials(self._tls)))

    def start(self) -> None:
        """Answer calls."""
        self._bodies.start()
        self._server.start()

    def stop(self, grace: float) -> threading.Event:
        """Take no new calls; the event is set when those in flight are done, or ``grace`` s on."""
        self._bodies.close()
        stopped: threading.Event = self._server.stop(grace)
        return stopped


def _credentials(tls: Tls) -> Any:
    """Credentials that each new connection takes from what is loaded then."""
    now = tls.loaded()

    def configuration() -> Any:
        return grpc.ssl_server_certificate_configuration(
            [(now.key, now.certificate)], root_certificates=now.client_ca
        )

    def changed() -> Any:
        nonlocal now
        before, now = now, tls.loaded()
        return configuration() if now is not before else None

    return grpc.dynamic_ssl_server_credentials(
        configuration(), changed, require_client_authentication=tls.mutual
    )
