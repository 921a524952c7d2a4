"""OTLP requests of a shop that takes thousands of orders, with faults that are known.

One order is 20 spans of six services in three traces:

    storefront -> payment                  a call, in one trace
    storefront -> warehouse                a message; a trace of its own, with a link
    warehouse -> inventory                 a call
    warehouse -> shipping                  a message; the producer is the parent
    shipping -> notification               a message; the context is lost, its id is not

Each service exports on its own, as SDKs do: 500 spans a request, in the order in which they ended.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

MS = 1_000_000
SECOND = 1000 * MS
SPANS_PER_ORDER = 20
SPANS_PER_REQUEST = 500

_SERVER, _CLIENT, _PRODUCER, _CONSUMER = (
    Span.SPAN_KIND_SERVER,
    Span.SPAN_KIND_CLIENT,
    Span.SPAN_KIND_PRODUCER,
    Span.SPAN_KIND_CONSUMER,
)
_INTERNAL = Span.SPAN_KIND_INTERNAL
_TEAMS = {
    "storefront": "web",
    "payment": "payments",
    "warehouse": "logistics",
    "inventory": "logistics",
    "shipping": "logistics",
    "notification": "messaging",
}


@dataclass(frozen=True, slots=True)
class Request:
    """The body of one export, and how many spans are in it."""

    service: str
    body: bytes
    spans: int


@dataclass(frozen=True, slots=True)
class Load:
    """Requests in the order in which exporters would send them, and what is in them."""

    requests: tuple[Request, ...]
    orders: int
    spans: int
    lost: frozenset[str]  #: orders whose message nobody consumed
    twice: frozenset[str]  #: orders whose message was processed twice

    @property
    def faults(self) -> set[tuple[str, str]]:
        """The findings that must come of it, and no others: (rule, order)."""
        return {("ORP002", o) for o in self.lost} | {("DUP001", o) for o in self.twice}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One span of every order: who does it, below what, when and how long (ms)."""

    service: str
    name: str
    kind: Span.SpanKind.ValueType
    trace: int
    parent: int | None
    at: float
    lasts: float


_KINDS = (
    _Kind("storefront", "POST /orders", _SERVER, 0, None, 0, 90),
    _Kind("storefront", "validate", _INTERNAL, 0, 0, 1, 10),
    _Kind("storefront", "POST", _CLIENT, 0, 0, 12, 50),
    _Kind("payment", "POST /charge", _SERVER, 0, 2, 13, 48),
    _Kind("payment", "authorise", _INTERNAL, 0, 3, 14, 30),
    _Kind("payment", "INSERT charges", _CLIENT, 0, 3, 46, 8),
    _Kind("storefront", "send orders.placed", _PRODUCER, 0, 0, 70, 2),
    _Kind("warehouse", "process orders.placed", _CONSUMER, 1, None, 300, 80),
    _Kind("warehouse", "pick", _INTERNAL, 1, 7, 301, 20),
    _Kind("warehouse", "POST", _CLIENT, 1, 7, 325, 30),
    _Kind("inventory", "POST /reserve", _SERVER, 1, 9, 326, 28),
    _Kind("inventory", "UPDATE stock", _CLIENT, 1, 10, 328, 9),
    _Kind("warehouse", "send orders.packed", _PRODUCER, 1, 7, 370, 2),
    _Kind("shipping", "process orders.packed", _CONSUMER, 1, 12, 600, 60),
    _Kind("shipping", "label", _INTERNAL, 1, 13, 601, 30),
    _Kind("shipping", "send orders.shipped", _PRODUCER, 1, 13, 640, 2),
    _Kind("notification", "process orders.shipped", _CONSUMER, 2, None, 900, 40),
    _Kind("notification", "render", _INTERNAL, 2, 16, 901, 10),
    _Kind("notification", "send mail", _CLIENT, 2, 16, 912, 20),
    _Kind("notification", "archive", _INTERNAL, 2, 16, 934, 4),
)
_PLACED, _TAKEN, _PICK, _PACKED, _SHIPPED = 6, 7, 8, 12, 15
#: consumer -> the message it takes
_MESSAGES = {_TAKEN: _PLACED, 13: _PACKED, 16: _SHIPPED}
#: A second processing comes this much later (ms).
_AGAIN = 8000.0


@cache
def load(orders: int, *, begin_ns: int, seed: int = 7) -> Load:
    """``orders`` orders, one every 20 ms from ``begin_ns`` on; one in 250 is lost, one is doubled.

    The same for the same arguments, ids included; other seeds have other ids and orders.
    """
    rng = random.Random(seed)
    lost: set[str] = set()
    twice: set[str] = set()
    by_service: dict[str, list[Span]] = {service: [] for service in _TEAMS}
    for number in range(orders):
        order = f"ord-{seed}-{number:06}"
        # The newest ones are whole, so that what was lost before them was overtaken.
        fault = number % 250 if number < orders - 50 else None
        if fault == 100:
            lost.add(order)
        elif fault == 200:
            twice.add(order)
        spans = _order(rng, order, begin_ns + number * 20 * MS, lost=fault == 100)
        if fault == 200:
            spans.extend(_again(rng, spans))
        for kind, span in spans:
            by_service[kind.service].append(span)
    requests = sorted(
        (r for service, spans in by_service.items() for r in _requests(service, spans)),
        key=lambda dated: dated[0],
    )
    bodies = tuple(request for _, request in requests)
    return Load(bodies, orders, sum(r.spans for r in bodies), frozenset(lost), frozenset(twice))


def _order(
    rng: random.Random, order: str, begin_ns: int, *, lost: bool
) -> list[tuple[_Kind, Span]]:
    traces = [rng.randbytes(16) for _ in range(3)]
    ids = [rng.randbytes(8) for _ in _KINDS]
    slower = rng.uniform(0.8, 1.2)
    made = []
    for number, kind in enumerate(_KINDS):
        if lost and number >= _TAKEN:
            break
        span = Span()
        span.CopyFrom(_template(number))
        span.trace_id = traces[kind.trace]
        span.span_id = ids[number]
        if kind.parent is not None:
            span.parent_span_id = ids[kind.parent]
        span.start_time_unix_nano = begin_ns + int(kind.at * MS * slower)
        span.end_time_unix_nano = span.start_time_unix_nano + int(kind.lasts * MS * slower)
        if number in {0, _TAKEN, 16}:
            span.attributes.append(_text("order.id", order))
        if number == 0:
            span.attributes.append(_text("customer.id", f"customer-{rng.randrange(500)}"))
        message = _MESSAGES.get(number, number)
        if message in _MESSAGES.values():
            span.attributes.append(_text("messaging.message.id", ids[message].hex()))
        if number == _TAKEN:
            span.links.add(trace_id=traces[0], span_id=ids[_PLACED])
        made.append((kind, span))
    return made


def _again(rng: random.Random, spans: list[tuple[_Kind, Span]]) -> Iterator[tuple[_Kind, Span]]:
    """The message of the order processed once more, in a trace of its own."""
    trace = rng.randbytes(16)
    parent = b""
    for number in (_TAKEN, _PICK):
        kind, first = spans[number]
        span = Span()
        span.CopyFrom(first)
        span.trace_id = trace
        span.span_id = rng.randbytes(8)
        span.parent_span_id = parent
        span.start_time_unix_nano += int(_AGAIN * MS)
        span.end_time_unix_nano += int(_AGAIN * MS)
        parent = span.span_id
        yield kind, span


@cache
def _template(number: int) -> Span:
    """What a span has in common with those of other orders; some ten attributes with the rest."""
    kind = _KINDS[number]
    span = Span(name=kind.name, kind=kind.kind)
    fixed: dict[str, str | int | bool | float] = {
        "thread.id": 7,
        "thread.name": "worker-7",
        "code.function.name": f"shop.{kind.service}.handle",
        "deployment.colour": "blue",
    }
    if kind.name.startswith("POST"):
        fixed |= {
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "url.scheme": "http",
            "server.address": "payment" if kind.trace == 0 else "inventory",
            "server.port": 8080,
            "network.protocol.version": "1.1",
        }
    elif number in _MESSAGES or number in _MESSAGES.values():
        operation, destination = kind.name.split()
        fixed |= {
            "messaging.system": "kafka",
            "messaging.destination.name": destination,
            "messaging.operation.type": operation,
            "messaging.operation.name": operation,
            "messaging.client.id": f"{kind.service}-client",
        }
    elif kind.kind == _CLIENT and kind.name != "send mail":
        fixed |= {"db.system.name": "postgresql", "db.namespace": kind.service, "db.rows": 1}
    else:
        fixed |= {"cache.hit": True, "queue.depth": 3, "load.average": 0.75, "attempt": 1}
    span.attributes.extend(_attribute(k, v) for k, v in fixed.items())
    return span


def _requests(service: str, spans: list[Span]) -> Iterator[tuple[int, Request]]:
    """The spans of one service as requests, each with the moment (ns) at which it is sent."""
    spans.sort(key=lambda span: span.end_time_unix_nano)
    for first in range(0, len(spans), SPANS_PER_REQUEST):
        some = spans[first : first + SPANS_PER_REQUEST]
        yield some[-1].end_time_unix_nano, Request(service, export(service, some), len(some))


def export(service: str, spans: list[Span]) -> bytes:
    """An ExportTraceServiceRequest as one instance of ``service`` sends it."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    named = {
        "service.name": service,
        "service.instance.id": f"{service}-1",
        "team": _TEAMS.get(service, "nobody"),
    }
    resource_spans.resource.attributes.extend(_text(k, v) for k, v in named.items())
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "shop"
    scope_spans.spans.extend(spans)
    return request.SerializeToString()


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def _attribute(key: str, value: Any) -> KeyValue:
    if isinstance(value, bool):
        return KeyValue(key=key, value=AnyValue(bool_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=key, value=AnyValue(double_value=value))
    return _text(key, value)
