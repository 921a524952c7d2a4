"""The services' telemetry: a plain SDK set-up, and context carried by requests and messages.

Nothing here knows tracemap: the exporter finds its collector by OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_EXPORTER_OTLP_PROTOCOL, the resource comes from OTEL_SERVICE_NAME and
OTEL_RESOURCE_ATTRIBUTES, the batch delay from OTEL_BSP_SCHEDULE_DELAY.
Attribute names follow the OpenTelemetry semantic conventions for messaging, HTTP and databases.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.context import Context as TraceContext
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Span, SpanKind, Tracer

from tracemap.demo.broker import BrokerClient, Json, Message
from tracemap.demo.topology import DESTINATIONS, SYSTEM, Context

Attributes = Mapping[str, str | int]


class CountingExporter(SpanExporter):
    """Hands spans to ``inner`` and counts those that its collector did not take.

    A span lost here would show as a fault that nobody injected.
    """

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.failed = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def provider_from_environment() -> tuple[TracerProvider, CountingExporter]:
    """A provider of its own for this process, set up by the standard variables alone."""
    provider = TracerProvider(resource=Resource.create(), shutdown_on_exit=False)
    exporter = CountingExporter(_exporter())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider, exporter


def _exporter() -> SpanExporter:
    # Imported when chosen: each brings a transport that the other processes need not load.
    if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
            OTLPSpanExporter as GrpcExporter,
        )

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
        OTLPSpanExporter as HttpExporter,
    )

    return HttpExporter()


def send(tracer: Tracer, broker: BrokerClient, destination: str, body: Json) -> None:
    """Publish under a PRODUCER span whose context travels in the message's headers."""
    message_id = str(uuid.uuid4())
    attributes = {
        **_about(destination, "send"),
        "messaging.message.id": message_id,
        "order.id": body["order"],
    }
    name = f"send {destination}"
    with tracer.start_as_current_span(name, kind=SpanKind.PRODUCER, attributes=attributes):
        headers: dict[str, str] = {}
        propagate.inject(headers)
        broker.publish(destination, message_id, headers, body)


@contextmanager
def process(
    tracer: Tracer, message: Message, group: str, more: Attributes | None = None
) -> Iterator[Span]:
    """The CONSUMER span around one message's work, related to its producer as the hop does it."""
    attributes: dict[str, str | int] = {
        **_about(message.destination, "process"),
        "messaging.consumer.group.name": group,
        "order.id": message.body["order"],
        **(more or {}),
    }
    parent, links = TraceContext(), list[Link]()
    match DESTINATIONS[message.destination].context:
        case Context.PARENT:
            parent = propagate.extract(message.headers, parent)
        case Context.LINK:
            links = [link_to(message)]
    if DESTINATIONS[message.destination].context is not Context.LOST:
        attributes["messaging.message.id"] = message.id
    with tracer.start_as_current_span(
        f"process {message.destination}",
        context=parent,
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        links=links,
    ) as span:
        yield span


@contextmanager
def receive(tracer: Tracer, messages: Sequence[Message], group: str) -> Iterator[Span]:
    """The CONSUMER span around one poll: a new trace with a link for each message it brought."""
    destination = messages[0].destination
    with tracer.start_as_current_span(
        f"receive {destination}",
        context=TraceContext(),
        kind=SpanKind.CONSUMER,
        attributes={
            **_about(destination, "receive"),
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": len(messages),
        },
        links=[link_to(message) for message in messages],
    ) as span:
        yield span


@contextmanager
def process_received(tracer: Tracer, message: Message, group: str) -> Iterator[Span]:
    """The CONSUMER span around one message of a poll, a child of the poll's span."""
    with tracer.start_as_current_span(
        f"process {message.destination}",
        kind=SpanKind.CONSUMER,
        attributes={
            **_about(message.destination, "process"),
            "messaging.consumer.group.name": group,
            "messaging.message.id": message.id,
            "order.id": message.body["order"],
        },
    ) as span:
        yield span


def link_to(message: Message) -> Link:
    """A link to the span that sent ``message``."""
    context = propagate.extract(message.headers, TraceContext())
    return Link(trace.get_current_span(context).get_span_context())


def _about(destination: str, operation: str) -> dict[str, str]:
    return {
        "messaging.system": SYSTEM,
        "messaging.destination.name": destination,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }
