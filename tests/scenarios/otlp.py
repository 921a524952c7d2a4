"""Spans as services saw them, and the OTLP/JSON in which they are exported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """SpanKind of OTLP's trace.proto."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class Service:
    """One instance of a service. ``skew`` is how many seconds its clock is ahead."""

    name: str
    resource: tuple[tuple[str, str], ...]
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """One span as its service saw it. ``lost`` ones exist, but were never exported."""

    service: Service
    name: str
    kind: Kind
    start: float
    end: float
    trace_id: str
    span_id: str
    parent: Span | None = None
    links: tuple[Span, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()
    scope: str = "app"
    error: str | None = None
    error_status: bool = True
    trace_state: str = ""
    dropped_links: int = 0
    dropped_events: int = 0
    dropped_attributes: int = 0
    lost: bool = False
    late: bool = False

    def attribute(self, key: str) -> Any:
        """Return one attribute's value, or None."""
        return dict(self.attributes).get(key)


@dataclass(frozen=True, slots=True)
class Log:
    """One log record of a span, told while it was at work."""

    span: Span
    at: float
    body: str
    severity: int = 9  # INFO
    event_name: str = ""
    attributes: tuple[tuple[str, Any], ...] = ()


def log_line(logs: Sequence[Log], origin: int) -> str:
    """Return one line of a file with log records, each with a resource and scope of its own."""
    request = {
        "resourceLogs": [
            {
                "resource": {"attributes": _attributes(log.span.service.resource)},
                "scopeLogs": [
                    {"scope": {"name": log.span.scope}, "logRecords": [_log(log, origin)]}
                ],
            }
            for log in logs
        ]
    }
    return json.dumps(request, separators=(",", ":"), ensure_ascii=False)


def _log(log: Log, origin: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "timeUnixNano": _nano(log.at + log.span.service.skew, origin),
        "severityNumber": log.severity,
        "body": _value(log.body),
        "flags": 1,
        "traceId": log.span.trace_id,
        "spanId": log.span.span_id,
    }
    if log.event_name:
        out["eventName"] = log.event_name
    if log.attributes:
        out["attributes"] = _attributes(log.attributes)
    return out


def line(spans: Sequence[Span], origin: int) -> str:
    """Return one line of a file; ``origin`` is the start of the scenario in Unix seconds."""
    return json.dumps(_request(spans, origin), separators=(",", ":"), ensure_ascii=False)


def _request(spans: Sequence[Span], origin: int) -> dict[str, Any]:
    """Return an ExportTraceServiceRequest with spans grouped by resource and scope."""
    resources: dict[tuple[tuple[str, str], ...], dict[str, list[Span]]] = {}
    for span in spans:
        resources.setdefault(span.service.resource, {}).setdefault(span.scope, []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [
                    {"scope": {"name": scope}, "spans": [_span(span, origin) for span in members]}
                    for scope, members in scopes.items()
                ],
            }
            for resource, scopes in resources.items()
        ]
    }


def _span(span: Span, origin: int) -> dict[str, Any]:
    remote = span.parent is not None and span.parent.service != span.service
    out: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent.span_id if span.parent else "",
        # W3C sampled bit, "is_remote is known", and is_remote itself (trace.proto, SpanFlags).
        "flags": 0x301 if remote else 0x101,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": _nano(span.start + span.service.skew, origin),
        "endTimeUnixNano": _nano(span.end + span.service.skew, origin),
    }
    if span.trace_state:
        out["traceState"] = span.trace_state
    if span.attributes:
        out["attributes"] = _attributes(span.attributes)
    if span.links:
        out["links"] = [{"traceId": link.trace_id, "spanId": link.span_id} for link in span.links]
    if span.dropped_links:
        out["droppedLinksCount"] = span.dropped_links
    if span.dropped_events:
        out["droppedEventsCount"] = span.dropped_events
    if span.dropped_attributes:
        out["droppedAttributesCount"] = span.dropped_attributes
    if span.error is not None:
        out["events"] = [_exception(span, span.error, origin)]
    failed = span.error is not None and span.error_status
    out["status"] = {"code": 2, "message": span.error} if failed else {}
    return out


def _exception(span: Span, error: str, origin: int) -> dict[str, Any]:
    kind, _, message = error.partition(": ")
    return {
        "timeUnixNano": _nano(span.end + span.service.skew, origin),
        "name": "exception",
        "attributes": _attributes(
            (("exception.type", kind), ("exception.message", message or kind))
        ),
    }


def _nano(seconds: float, origin: int) -> str:
    return str(origin * 1_000_000_000 + round(seconds * 1_000_000) * 1_000)


def _attributes(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in pairs]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": str(value)}
