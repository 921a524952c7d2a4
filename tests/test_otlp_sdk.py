"""The OpenTelemetry SDK for Python, pointed here with nothing but OTEL_EXPORTER_OTLP_ENDPOINT."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcExporter,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpExporter,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

from tracemap.batch import SpanBatch, ValueType
from tracemap.collectors.otlp.receivers import Receivers

Running = tuple[Receivers, list[SpanBatch]]


@pytest.fixture
def running() -> Iterator[Running]:
    batches: list[SpanBatch] = []
    with Receivers(batches.extend, grpc="127.0.0.1:0", http="127.0.0.1:0") as receivers:
        yield receivers, batches


def _order(provider: TracerProvider) -> tuple[int, int]:
    """Spans of an order; returns the ids of the one that publishes."""
    tracer = provider.get_tracer("shop", "1.2.3")
    received = tracer.start_span("POST /orders", kind=SpanKind.SERVER)
    received.set_attributes(
        {
            "order.id": "order-4711",
            "order.lines": 3,
            "order.total": 129.5,
            "order.express": True,
            "order.skus": ["A-1", "B-2"],
            "order.quantities": [1, 2],
        }
    )
    inside = set_span_in_context(received)
    send = tracer.start_span("send orders", context=inside, kind=SpanKind.PRODUCER)
    send.add_event("enqueued", {"messaging.kafka.offset": 42})
    send.end()
    charge = tracer.start_span("charge card", context=inside, kind=SpanKind.CLIENT)
    charge.set_status(Status(StatusCode.ERROR, "card declined"))
    charge.end()
    received.end()
    link = Link(send.get_span_context(), {"order.id": "order-4711"})
    tracer.start_span("process orders", kind=SpanKind.CONSUMER, links=[link]).end()
    context = send.get_span_context()
    return context.trace_id, context.span_id


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_spans_of_the_real_sdk_arrive_whole(
    running: Running, monkeypatch: pytest.MonkeyPatch, protocol: str, compression: str | None
) -> None:
    receivers, batches = running
    address = receivers.grpc if protocol == "grpc" else receivers.http
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{address}")
    if compression is not None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
    exporter = GrpcExporter() if protocol == "grpc" else HttpExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "payment"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace_id, span_id = _order(provider)
    assert provider.force_flush()
    provider.shutdown()

    (batch,) = batches
    assert batch.spans["name"].to_pylist() == [
        "send orders",
        "charge card",
        "POST /orders",
        "process orders",
    ]
    send, charge, received, _ = batch.spans.to_pylist()
    assert (send["trace_id"].int, send["span_id"]) == (trace_id, span_id)
    assert send["parent_span_id"] == received["span_id"]
    assert (charge["status"], charge["status_message"]) == (2, "card declined")
    assert batch.spans["kind"].to_pylist() == [4, 3, 2, 5]

    shape = batch.shapes[received["shape_no"]]
    assert dict(zip(shape.keys, zip(shape.types, received["vals"], strict=True), strict=True)) == {
        "order.id": (ValueType.STRING, "order-4711"),
        "order.lines": (ValueType.INT, "3"),
        "order.total": (ValueType.DOUBLE, "129.5"),
        "order.express": (ValueType.BOOL, "true"),
        "order.skus": (ValueType.ARRAY, '["A-1","B-2"]'),
        "order.quantities": (ValueType.ARRAY, "[1,2]"),
    }
    (event,) = batch.events.to_pylist()
    assert (event["name"], event["vals"]) == ("enqueued", ["42"])
    (link,) = batch.links.to_pylist()
    assert (link["linked_trace_id"].int, link["linked_span_id"]) == (trace_id, span_id)
    (scope,) = batch.scopes
    assert (scope.name, scope.version) == ("shop", "1.2.3")
    (resource,) = batch.resources
    keys = batch.shapes[resource.shape].keys
    assert dict(zip(keys, resource.values, strict=True))["service.name"] == "payment"
