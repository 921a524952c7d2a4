"""Groups within groups: refused before the column decoder meets them.

OTLP has no groups, and protobuf asks of a reader to skip what it does not know. ptars does so by
recursion without a bound: some hundred thousand groups within each other, each a byte, overflow the
stack and end the process (measured: 80 bytes of stack a level). protobuf's own library stops at a
hundred levels, but reading whole requests with it takes 0.8 us a span. So only their outside is
read with it, as far as the spans (0.1 us), and those spans that are large enough to nest too deep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.compute as pc
from google.protobuf.message import DecodeError

from tracemap.collectors.otlp import wire
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal
from tracemap.errors import PayloadError

#: Bytes that cannot nest deep enough to do harm, one level a byte.
HARMLESS: Final = 16_384


#: Bytes from which on a request may hold so many spans that they are looked at as columns.
MANY: Final = 524_288


@dataclass(frozen=True, slots=True)
class _Outside:
    """How the requests of a signal are read from outside."""

    message: Any  #: the class of a request whose innermost messages are bytes
    handler: Any  #: the same as columns
    lists: tuple[str, str, str]  #: the fields that lead to those messages
    innermost: Any  #: their class


_OUTSIDE: Final = {
    TRACES: _Outside(
        wire.Containers,
        wire.CONTAINERS_HANDLER,
        ("resource_spans", "scope_spans", "spans"),
        wire.Span,
    ),
    LOGS: _Outside(
        wire.LogContainers,
        wire.LOG_CONTAINERS_HANDLER,
        ("resource_logs", "scope_logs", "log_records"),
        wire.LogRecord,
    ),
}


def refuse_deep(requests: Iterable[bytes], signal: Signal = TRACES) -> None:
    """Raises PayloadError for a serialised request of traces or logs that nests groups too deep."""
    outside = _OUTSIDE[signal]
    try:
        for body in requests:
            if len(body) > HARMLESS:
                for one in _large(outside, body):
                    outside.innermost.FromString(one)
    except (DecodeError, ValueError) as error:
        kind = "trace" if signal is TRACES else signal.name
        raise PayloadError(
            f"this is not an OTLP {kind} request (it is no valid protobuf, or nests groups)"
        ) from error


def _large(outside: _Outside, body: bytes) -> Iterable[bytes]:
    """Spans or log records of more than HARMLESS bytes. Raises DecodeError, ValueError."""
    resources, scopes, inner = outside.lists
    request = outside.message.FromString(body)
    if len(body) <= MANY:
        return [
            one
            for resource in getattr(request, resources)
            for scope in getattr(resource, scopes)
            for one in getattr(scope, inner)
            if len(one) > HARMLESS
        ]
    rows = wire.columns(outside.handler, [body])
    found = rows.values.field(scopes).values.field(inner).values
    large = pc.greater(pc.binary_length(found), HARMLESS)
    return found.filter(large).to_pylist() if pc.any(large).as_py() else []
