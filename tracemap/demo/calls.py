"""Synchronous calls between the services: HTTP with SERVER and CLIENT spans and W3C headers."""

from __future__ import annotations

import http.client
import json
import socket
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry import propagate
from opentelemetry.context import Context as TraceContext
from opentelemetry.trace import SpanKind, Tracer

from tracemap.demo.broker import Json

Handler = Callable[[Json], Json]


def server(
    listener: socket.socket, tracer: Tracer, routes: Mapping[str, Handler]
) -> ThreadingHTTPServer:
    """An HTTP server on ``listener``; ``routes`` maps a path to what answers POST on it.

    The request's ``order`` and ``customer`` become ``order.id`` and ``customer.id`` of the span.
    """

    class Request(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

        def do_POST(self) -> None:
            body: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with tracer.start_as_current_span(
                f"POST {self.path}",
                context=propagate.extract(dict(self.headers), TraceContext()),
                kind=SpanKind.SERVER,
                attributes={
                    "http.request.method": "POST",
                    "http.route": self.path,
                    "url.path": self.path,
                    "url.scheme": "http",
                    "request.id": self.headers["X-Request-Id"],
                    "order.id": body["order"],
                    "customer.id": body["customer"],
                    "tenant": "corner-shop",
                },
            ) as span:
                answer = json.dumps(routes[self.path](body)).encode()
                span.set_attribute("http.response.status_code", 200)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Requests are seen as spans; the log is for what goes wrong."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def __init__(self) -> None:
            super().__init__(listener.getsockname(), Request, bind_and_activate=False)
            self.socket.close()
            self.socket = listener

    return Server()


def post(address: tuple[str, int], path: str, body: Json, headers: Mapping[str, str]) -> Json:
    """Send a request without telemetry, as the shop's customers do."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        payload = json.dumps(body).encode()
        connection.request("POST", path, payload, {"Connection": "close", **headers})
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"POST {path} answered {response.status}")
        answer: Json = json.loads(text)
        return answer
    finally:
        connection.close()


def call(
    tracer: Tracer,
    address: tuple[str, int],
    path: str,
    body: Json,
    *,
    answered: Callable[[], None] | None = None,
) -> Json:
    """Send a request under a CLIENT span whose context travels in the request's headers.

    ``answered`` runs when the answer is there and the span is still open.
    """
    request_id = str(uuid.uuid4())
    with tracer.start_as_current_span(
        f"POST {path}",
        kind=SpanKind.CLIENT,
        attributes={
            "http.request.method": "POST",
            "url.full": f"http://{address[0]}:{address[1]}{path}",
            "server.address": address[0],
            "server.port": address[1],
            "request.id": request_id,
        },
    ) as span:
        headers = {"X-Request-Id": request_id}
        propagate.inject(headers)
        answer = post(address, path, body, headers)
        span.set_attribute("http.response.status_code", 200)
        if answered is not None:
            answered()
    return answer
