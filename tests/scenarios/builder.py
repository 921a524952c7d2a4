"""A small language for writing traces: services, spans, hand-offs, and what is expected of them.

A scenario is a function that takes a ``Scenario``, lets services do things at given seconds, and
says what must be found. Everything is deterministic: ids and jitter come from the scenario's name.

Times are seconds since the scenario's start (floats, microsecond precision); in the files they are
nanoseconds since the Unix epoch, as OTLP has them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scenarios import otlp
from scenarios.otlp import Kind, Log, Service, Span

__all__ = ["START", "Attributes", "Kind", "Scenario", "Service", "Span"]

#: Spans in one line of a file; the Collector's batch processor does the same with larger numbers.
SPANS_PER_LINE = 80

START = "2025-03-03T09:00:00+00:00"

Attributes = Mapping[str, Any]


@dataclass(slots=True)
class Scenario:
    """Spans, owners and expectations under construction; see the module's words."""

    name: str
    text: str = ""
    lookalike_of: tuple[str, ...] = ()
    start: str = START
    spans: list[Span] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    ownership: dict[str, Any] | None = None
    #: Further files about owners: path in the folder -> text, without its common indentation.
    catalogs: dict[str, str] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    #: Further expectations: executions, keys, custody, messages ... (tests/scenarios/check.py).
    expected: dict[str, Any] = field(default_factory=dict)
    random: random.Random = field(init=False)
    _ids: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.name)

    # -- who -----------------------------------------------------------------------------------

    def service(
        self,
        name: str,
        team: str | None = None,
        *,
        instance: str | None = None,
        skew: float = 0.0,
        resource: Attributes | None = None,
    ) -> Service:
        """Start an instance of a service; ``team`` becomes a resource attribute."""
        attributes = {"service.name": name, "service.instance.id": instance or f"{name}-1"}
        if team is not None:
            attributes["team"] = team
        attributes.update(resource or {})
        return Service(name, tuple(attributes.items()), skew)

    # -- what it does --------------------------------------------------------------------------

    def span(
        self,
        service: Service,
        name: str,
        kind: Kind,
        at: float,
        lasts: float,
        *,
        parent: Span | None = None,
        links: Sequence[Span] = (),
        attributes: Attributes | None = None,
        error: str | None = None,
        error_status: bool = True,
        scope: str = "app",
        trace_state: str = "",
        dropped_links: int = 0,
        dropped_events: int = 0,
        dropped_attributes: int = 0,
        lost: bool = False,
        late: bool = False,
    ) -> Span:
        """Let a service do something. Without a ``parent`` it begins a new trace.

        An ``error`` records an exception event and, with ``error_status``, sets the status; a
        ``lost`` span is never exported; a ``late`` one arrives in the last line of the file.
        """
        span = Span(
            service=service,
            name=name,
            kind=kind,
            start=at,
            end=at + lasts,
            trace_id=parent.trace_id if parent else self._id(32),
            span_id=self._id(16),
            parent=parent,
            links=tuple(links),
            attributes=tuple((attributes or {}).items()),
            scope=scope,
            error=error,
            error_status=error_status,
            trace_state=trace_state,
            dropped_links=dropped_links,
            dropped_events=dropped_events,
            dropped_attributes=dropped_attributes,
            lost=lost,
            late=late,
        )
        self.spans.append(span)
        return span

    def serve(self, service: Service, name: str, at: float, lasts: float, **more: Any) -> Span:
        """Handle a request: a SERVER span named ``METHOD /route``."""
        return self.span(service, name, Kind.SERVER, at, lasts, **more)

    def call(
        self,
        caller: Service,
        callee: Service,
        name: str,
        at: float,
        lasts: float,
        *,
        parent: Span,
        attributes: Attributes | None = None,
        error: str | None = None,
        lost_client: bool = False,
    ) -> Span:
        """Call another service and wait: CLIENT in the caller, SERVER in the callee, returned.

        ``attributes`` and ``error`` are the callee's; a failed call is an error on both sides.
        """
        client = self.span(
            caller,
            name.split(" ", maxsplit=1)[0],
            Kind.CLIENT,
            at,
            lasts,
            parent=parent,
            attributes={"server.address": callee.name},
            error=error,
            lost=lost_client,
        )
        margin = lasts / 10
        return self.serve(
            callee,
            name,
            at + margin,
            lasts - 2 * margin,
            parent=client,
            attributes=attributes,
            error=error,
        )

    def publish(
        self,
        service: Service,
        destination: str,
        at: float,
        *,
        parent: Span | None,
        attributes: Attributes | None = None,
        message_id: bool = True,
        system: str = "kafka",
        lost: bool = False,
    ) -> Span:
        """Send a message: a PRODUCER span of 4 ms."""
        facts: dict[str, Any] = {
            "messaging.system": system,
            "messaging.destination.name": destination,
            "messaging.operation.type": "send",
        }
        if message_id:
            facts["messaging.message.id"] = f"m-{self._id(8)}"
        facts.update(attributes or {})
        return self.span(
            service,
            f"send {destination}",
            Kind.PRODUCER,
            at,
            0.004,
            parent=parent,
            attributes=facts,
            lost=lost,
        )

    def process(
        self,
        service: Service,
        message: Span,
        at: float,
        lasts: float,
        *,
        joined_by: str = "link",
        group: str | None = None,
        operation: str = "process",
        attributes: Attributes | None = None,
        **more: Any,
    ) -> Span:
        """Take a message and work on it: a CONSUMER span.

        ``joined_by`` says what remains of the producer's context: ``link`` (new trace with a
        link), ``parent`` (same trace), ``id`` (only the message id), ``none`` (nothing).
        """
        destination = message.attribute("messaging.destination.name")
        facts: dict[str, Any] = {
            "messaging.system": message.attribute("messaging.system"),
            "messaging.destination.name": destination,
            "messaging.operation.type": operation,
            "messaging.consumer.group.name": group or service.name,
        }
        message_id = message.attribute("messaging.message.id")
        if message_id is not None and joined_by != "none":
            facts["messaging.message.id"] = message_id
        facts.update(attributes or {})
        return self.span(
            service,
            f"{operation} {destination}",
            Kind.CONSUMER,
            at,
            lasts,
            parent=message if joined_by == "parent" else None,
            links=[message] if joined_by == "link" else [],
            attributes=facts,
            **more,
        )

    def copy(self, span: Span, **changes: Any) -> Span:
        """Export a span a second time, in the last line; with ``changes`` the copies differ."""
        again = replace(span, late=True, **changes)
        self.spans.append(again)
        return again

    def log(
        self,
        span: Span,
        body: str,
        at: float,
        *,
        severity: int = 9,
        event_name: str = "",
        attributes: Attributes | None = None,
    ) -> None:
        """Write a log record within a span, which need not have ended, or be exported, by then."""
        facts = tuple((attributes or {}).items())
        self.logs.append(Log(span, at, body, severity, event_name, facts))

    def log_exception(self, span: Span, error: str, *, severity: int = 17) -> None:
        """Write an exception as a log record at the end of a span: ``Type: message``."""
        kind, _, message = error.partition(": ")
        facts = {"exception.type": kind, "exception.message": message or kind}
        self.log(span, error, span.end, severity=severity, event_name="exception", attributes=facts)

    # -- what is expected ----------------------------------------------------------------------

    def expect(
        self,
        rule: str,
        correlation: str | None = None,
        *,
        service: str | None = None,
        team: str | None = None,
        mentions: Iterable[str] = (),
        effects: Iterable[str] = (),
    ) -> None:
        """Expect exactly one finding; ``mentions`` and ``effects`` are words it must contain."""
        finding: dict[str, Any] = {"rule": rule, "correlation": correlation}
        if service is not None:
            finding["service"] = service
        if team is not None or rule == "OWN001":
            finding["team"] = team
        if mentions:
            finding["mentions"] = list(mentions)
        if effects:
            finding["effects"] = list(effects)
        self.findings.append(finding)

    # -- files ---------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Return the file: one ExportTraceServiceRequest a line, in the order of export."""
        exported = [span for span in self.spans if not span.lost]
        in_time = sorted((span for span in exported if not span.late), key=lambda span: span.end)
        late = sorted((span for span in exported if span.late), key=lambda span: span.end)
        chunks = [
            part[at : at + SPANS_PER_LINE]
            for part in (in_time, late)
            for at in range(0, len(part), SPANS_PER_LINE)
        ]
        origin = int(datetime.fromisoformat(self.start).timestamp())
        lines = [otlp.line(chunk, origin) for chunk in chunks]
        told = sorted(self.logs, key=lambda log: log.at)
        # Logs are exported at once, and so before spans that are open: their lines come first.
        parts = range(0, len(told), SPANS_PER_LINE)
        return [
            *(otlp.log_line(told[at : at + SPANS_PER_LINE], origin) for at in parts),
            *lines,
        ]

    def expectations(self) -> dict[str, Any]:
        """Return what ``expected.json`` holds."""
        return {
            "lookalike_of": list(self.lookalike_of),
            "findings": self.findings,
            **self.expected,
        }

    def _id(self, digits: int) -> str:
        self._ids += 1
        return hashlib.sha256(f"{self.name}/{self._ids}".encode()).hexdigest()[:digits]
