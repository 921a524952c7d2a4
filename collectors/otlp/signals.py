"""OTLP's signals: under which names each comes, and what tracemap makes of it.

Traces are stored. Of logs, the records that carry a trace and a span id are. Metrics are taken and
not stored, and the answer says so, as the specification has it ("Partial Success"): a refusal would
be an error in every exporter, each time it sends. The profiling signal is not taken at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_PACKAGE: Final = "/opentelemetry.proto.collector"


@dataclass(frozen=True, slots=True)
class Signal:
    """The names of one signal."""

    name: str
    path: str  #: where its requests are posted to
    method: str  #: its gRPC method
    field: str  #: the one field of its requests, as OTLP/JSON writes it
    rejected: str  #: the field of its answers that counts what was not stored
    record: str  #: what one of them is called


TRACES: Final = Signal(
    "traces",
    "/v1/traces",
    f"{_PACKAGE}.trace.v1.TraceService/Export",
    "resourceSpans",
    "rejectedSpans",
    "span",
)
LOGS: Final = Signal(
    "logs",
    "/v1/logs",
    f"{_PACKAGE}.logs.v1.LogsService/Export",
    "resourceLogs",
    "rejectedLogRecords",
    "log record",
)
METRICS: Final = Signal(
    "metrics",
    "/v1/metrics",
    f"{_PACKAGE}.metrics.v1.MetricsService/Export",
    "resourceMetrics",
    "rejectedDataPoints",
    "data point",
)
SIGNALS: Final = (TRACES, LOGS, METRICS)
