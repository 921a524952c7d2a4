"""Groups within groups: refused before the column decoder meets them.

OTLP has no groups, and protobuf asks of a reader to skip what it does not know. ptars does so by
recursion without a bound: some hundred thousand groups within each other, each a byte, overflow the
stack and end the process (measured: 80 bytes of stack a level). protobuf's own library stops at a
hundred levels, but reading whole requests with it takes 0.8 us a span. So only their outside is
read with it, as far as the spans (0.1 us), and those spans that are large enough to nest too deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from google.protobuf.message import DecodeError

from tracemap.collectors.otlp import wire
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal
from tracemap.errors import PayloadError

#: Bytes that cannot nest deep enough to do harm, one level a byte.
HARMLESS: Final = 16_384


def refuse_deep(requests: Iterable[bytes], signal: Signal = TRACES) -> None:
    """Raises PayloadError for a serialised request of traces or logs that nests groups too deep."""
    for body in requests:
        if len(body) > HARMLESS:
            try:
                _READ[signal](body)
            except DecodeError as error:
                kind = "trace" if signal is TRACES else signal.name
                raise PayloadError(
                    f"this is not an OTLP {kind} request (it is no valid protobuf, or nests groups)"
                ) from error


def _read_traces(body: bytes) -> None:
    for resource_spans in wire.Containers.FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                if len(span) > HARMLESS:
                    wire.Span.FromString(span)


def _read_logs(body: bytes) -> None:
    for resource_logs in wire.LogContainers.FromString(body).resource_logs:
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                if len(record) > HARMLESS:
                    wire.LogRecord.FromString(record)


_READ: Final[dict[Signal, Callable[[bytes], None]]] = {TRACES: _read_traces, LOGS: _read_logs}
