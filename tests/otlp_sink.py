"""A collector that only remembers: what real exporters send, without any of our own decoding."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)


@dataclass(frozen=True, slots=True)
class Captured:
    """One span as it arrived; ids are hex, ``via`` is the protocol that brought it."""

    via: str
    resource: dict[str, Any]
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    status: int
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    start_ns: int

    @property
    def service(self) -> str:
        return str(self.resource["service.name"])

    @property
    def order(self) -> str | None:
        return self.attributes.get("order.id")

    @property
    def place(self) -> tuple[str, str]:
        return self.trace_id, self.span_id


@dataclass(slots=True)
class Sink:
    """The endpoints of a running sink and what it got so far."""

    grpc: str = ""
    http: str = ""
    spans: list[Captured] = field(default_factory=list)

    def take(self, request: ExportTraceServiceRequest, via: str) -> None:
        for resource_spans in request.resource_spans:
            resource = _values(resource_spans.resource.attributes)
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    self.spans.append(
                        Captured(
                            via=via,
                            resource=resource,
                            trace_id=span.trace_id.hex(),
                            span_id=span.span_id.hex(),
                            parent_id=span.parent_span_id.hex(),
                            name=span.name,
                            kind=int(span.kind),
                            status=int(span.status.code),
                            attributes=_values(span.attributes),
                            links=tuple((k.trace_id.hex(), k.span_id.hex()) for k in span.links),
                            events=tuple(event.name for event in span.events),
                            start_ns=span.start_time_unix_nano,
                        )
                    )


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


@contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink on free ports of the loopback interface."""
    sink = Sink()

    class Service(TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> ExportTraceServiceResponse:  # noqa: N802
            sink.take(request, "grpc")
            return ExportTraceServiceResponse()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            sink.take(ExportTraceServiceRequest.FromString(body), "http/protobuf")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    rpc = grpc.server(futures.ThreadPoolExecutor(8))
    add_TraceServiceServicer_to_server(Service(), rpc)  # type: ignore[no-untyped-call]
    sink.grpc = f"http://127.0.0.1:{rpc.add_insecure_port('127.0.0.1:0')}"
    rpc.start()
    web = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    sink.http = f"http://127.0.0.1:{web.server_port}"
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        rpc.stop(grace=None).wait()
        web.shutdown()
        web.server_close()
