"""Exporters without an SDK: prepared bodies over gRPC and HTTP."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import grpc

from load.orders import Request

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#: Seconds: an answer follows the commit, and the machine may be busy.
TIMEOUT = 60.0


class RefusedError(Exception):
    """The collector answered, and did not take the spans."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class _Closing:
    """Closed at the end of a with statement."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError


class HttpSender(_Closing):
    """One kept connection of OTLP/HTTP."""

    def __init__(self, address: str, *, timeout: float = TIMEOUT) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=timeout)

    def __call__(self, body: bytes, **headers: str) -> bytes:
        """The answer. Raises RefusedError, OSError, http.client.HTTPException."""
        given = {"content-type": "application/x-protobuf"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("POST", "/v1/traces", body, given)
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise RefusedError(answer.status, told)
        return told

    def close(self) -> None:
        self._connection.close()


class GrpcSender(_Closing):
    """One channel of OTLP/gRPC. A refusal is grpc.RpcError."""

    def __init__(self, address: str) -> None:
        # Channels to one address share their connection unless told not to.
        self._channel = grpc.insecure_channel(
            address, options=(("grpc.use_local_subchannel_pool", 1),)
        )
        self._export = self._channel.unary_unary(_METHOD)

    def __call__(self, body: bytes) -> bytes:
        answer: bytes = self._export(body, timeout=TIMEOUT)
        return answer

    def close(self) -> None:
        self._channel.close()


def send_all(requests: Sequence[Request], senders: Sequence[Any]) -> None:
    """Each sender takes the next request, until all are acknowledged. Raises the first failure."""
    waiting = iter(requests)
    turn = threading.Lock()
    failures: list[BaseException] = []

    def work(send: Callable[[bytes], bytes]) -> None:
        while not failures:
            with turn:
                request = next(waiting, None)
            if request is None:
                return
            try:
                answer = send(request.body)
            except BaseException as failure:  # noqa: BLE001 - raised below
                failures.append(failure)
                return
            if answer:
                failures.append(AssertionError(f"not everything was taken: {answer!r}"))

    together(*(lambda sender=sender: work(sender) for sender in senders))
    if failures:
        raise failures[0]


def together(*work: Callable[[], object]) -> None:
    """Run each in a thread, to their ends. Raises the first failure."""
    failures: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as failure:  # noqa: BLE001 - raised below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def close_all(senders: Iterable[Any]) -> None:
    for sender in senders:
        sender.close()
