"""OTLP over gRPC: TraceService/Export with undecoded messages, since the intake wants bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from tracemap.collectors.otlp.intake import Intake
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.status import Failure, success_to_protobuf

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_CODES = {code.value[0]: code for code in grpc.StatusCode}

#: Requests that wait for a commit each hold a thread; threads are cheap, their bodies are not.
_THREADS = 32
#: Calls in flight. Beyond it gRPC itself answers RESOURCE_EXHAUSTED without RetryInfo, which tells
#: exporters to drop their spans, so it is more than will ever come. A call that waits for a thread
#: has not been read yet (measured: 400 calls of 8 MiB take no more memory than 150), and what waits
#: for the disk is bounded by the intake.
_IN_FLIGHT = 8192


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers Export calls. Everything else is UNIMPLEMENTED."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._method = grpc.unary_unary_rpc_method_handler(self._export)

    def service(self, details: Any) -> Any:
        """The handler of a call, by its method."""
        return self._method if details.method == _METHOD else None

    def _export(self, body: bytes, context: Any) -> bytes:
        counters = self._intake.counters
        counters.received("grpc", len(body))
        try:
            answer = success_to_protobuf(self._intake.submit(body).result())
        except Exception as error:  # noqa: BLE001 - every error has an answer
            failure = Failure.of(error)
        else:
            counters.answered("grpc", 200)
            return answer
        counters.answered("grpc", failure.http)
        # Where clients look for RetryInfo (gRPC's richer error model).
        context.set_trailing_metadata((("grpc-status-details-bin", failure.to_protobuf()),))
        context.abort(_CODES[failure.code], failure.message)
        raise AssertionError("abort raises")


def server(intake: Intake, limits: Limits = DEFAULT_LIMITS) -> Any:
    """A gRPC server, not yet bound or started."""
    return grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="tracemap-grpc"),
        handlers=(_Handler(intake),),
        options=(
            ("grpc.max_receive_message_length", limits.body),
            ("grpc.so_reuseport", 0),  # a second collector on the port must fail, not share it
        ),
        maximum_concurrent_rpcs=_IN_FLIGHT,
    )
