"""What one request may cost. Every bound of the receivers stands here."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a request, checked before the memory they protect is spent (design section 13)."""

    #: Bytes of a body as it came over the wire. The Collector's own default is 20 MiB.
    body: int = 20 * MIB
    #: Bytes of a body after decompression.
    decoded_body: int = 64 * MIB
    #: Bytes of all bodies being received over HTTP at one moment.
    receiving: int = 256 * MIB
    #: Seconds a body may take to arrive.
    body_seconds: float = 30.0
    #: Resources, scopes, spans, events, links and attributes together. An empty message takes two
    #: bytes on the wire and up to eighty as columns.
    items: int = 1_000_000
    #: Bytes of one resource or scope: they become Python objects.
    resource: int = 1 * MIB
    #: Values inside the arrays and maps of one attribute, for the same reason.
    nested_values: int = 100_000
    #: Arrays and maps within each other in one attribute value.
    nesting: int = 64
    #: Braces, brackets and commas of a JSON body: its objects cost some eighty bytes each.
    json_marks: int = 4_000_000
    #: Reasons given for rejected spans; the count is always whole.
    reasons: int = 5


DEFAULT_LIMITS = Limits()
