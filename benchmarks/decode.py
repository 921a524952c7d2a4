"""CPU per span of decoding OTLP, without network and store. Prints one line of JSON.

Usage: python benchmarks/decode.py [SECONDS]     (per figure; 1 by default)

Figures are microseconds of CPU a span, the best of several rounds: ``protobuf`` is bytes to batch,
``of_which_ptars`` the part of it within ptars, ``json`` is OTLP/JSON to batch. The load is the one
of the targets: 10 attributes a span, 7 of them text, random ids.
"""

from __future__ import annotations

import base64
import json
import platform
import random
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracemap.collectors.otlp import wire
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf

SIZES = (1, 50, 500, 5000)
ROUNDS = 5


def request(spans: int) -> ExportTraceServiceRequest:
    """A request of one service."""
    chance = random.Random(4711)
    message = ExportTraceServiceRequest()
    sent = message.resource_spans.add()
    for key, value in (("service.name", "payment"), ("service.instance.id", "payment-1")):
        sent.resource.attributes.add(key=key).value.string_value = value
    scoped = sent.scope_spans.add()
    scoped.scope.name, scoped.scope.version = "shop", "1.0"
    for number in range(spans):
        start = 1_700_000_000_000_000_000 + number
        one = scoped.spans.add(
            trace_id=chance.randbytes(16),
            span_id=chance.randbytes(8),
            parent_span_id=chance.randbytes(8),
            name=f"POST /orders/{number % 7}",
            kind=number % 6,
            start_time_unix_nano=start,
            end_time_unix_nano=start + 1000,
            flags=257,
        )
        for key in ("order.id", "messaging.message.id", "url.path", "server.address"):
            one.attributes.add(key=key).value.string_value = chance.randbytes(8).hex()
        for key in ("http.request.method", "messaging.system", "network.protocol.name"):
            one.attributes.add(key=key).value.string_value = "kafka"
        one.attributes.add(key="http.response.status_code").value.int_value = 200 + number % 300
        one.attributes.add(key="messaging.batch.redelivered").value.bool_value = False
        one.attributes.add(key="order.total").value.double_value = number / 7
    return message


def to_json(message: ExportTraceServiceRequest) -> bytes:
    """The request as OTLP/JSON."""
    whole = json_format.MessageToDict(message, use_integers_for_enums=True)
    for sent in whole["resourceSpans"]:
        for scoped in sent["scopeSpans"]:
            for one in scoped["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    one[key] = base64.b64decode(one[key]).hex()
    return json.dumps(whole, separators=(",", ":")).encode()


def cost(work: Callable[[], Any], spans: int, seconds: float) -> float:
    """Microseconds of CPU a span: the best round."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        begun, count = time.process_time(), 0
        while time.process_time() - begun < seconds / ROUNDS:
            work()
            count += 1
        best = min(best, (time.process_time() - begun) / count / spans)
    return round(best * 1e6, 2)


def measure(spans: int, seconds: float) -> dict[str, Any]:
    """The figures of one request size."""
    message = request(spans)
    body, text = message.SerializeToString(), to_json(message)
    return {
        "spans": spans,
        "bytes_protobuf": len(body),
        "bytes_json": len(text),
        "protobuf": cost(lambda: decode([body]), spans, seconds),
        "of_which_ptars": cost(lambda: wire.HANDLER.list_to_record_batch([body]), spans, seconds),
        "json": cost(lambda: decode([to_protobuf(text)]), spans, seconds),
    }


def main() -> None:
    """Measure each size."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    line = {
        "benchmark": "decode",
        "unit": "us CPU/span",
        "python": platform.python_version(),
        **{name: version(name) for name in ("ptars", "pyarrow", "numpy", "orjson")},
        "requests": [measure(spans, seconds) for spans in SIZES],
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
