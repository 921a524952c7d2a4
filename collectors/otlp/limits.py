"""What the receivers may be made to spend. Every bound of theirs stands here, and can be set.

``tracemap serve --limit NAME=VALUE`` and the table ``[limits]`` of its configuration file set them
by these names; docs/configuration.md lists them from here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from tracemap.errors import InputError

MIB = 1024 * 1024
_MOST: Final = 2**31 - 1  #: what gRPC's options can hold


@dataclass(frozen=True, slots=True)
class Bound:
    """What a limit is counted in, what it bounds in words, and what it may be set to."""

    unit: str  #: bytes, seconds or count
    what: str
    least: float = 1
    most: float = _MOST


def _bytes(default: int, what: str, *, least: int = 1) -> Any:
    return field(default=default, metadata={"bound": Bound("bytes", what, least)})


def _count(default: int, what: str, *, least: int = 1, most: int = _MOST) -> Any:
    return field(default=default, metadata={"bound": Bound("count", what, least, most)})


def _seconds(default: float, what: str) -> Any:
    return field(default=default, metadata={"bound": Bound("seconds", what, 0.001, 86_400)})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that are checked before the memory they protect is spent (design section 13)."""

    # A request as it comes over the wire.
    body: int = _bytes(20 * MIB, "a body as it came; over gRPC also decompressed")
    decoded_body: int = _bytes(64 * MIB, "a body over HTTP after decompression")
    header_bytes: int = _bytes(64 * 1024, "the headers of a request", least=1024)
    head_seconds: float = _seconds(10.0, "until the headers, and a TLS handshake, are complete")
    body_seconds: float = _seconds(30.0, "until a body is complete")
    idle_seconds: float = _seconds(75.0, "that an idle HTTP connection is kept")

    # What stands in it. An empty message takes two bytes on the wire and up to eighty as columns.
    items: int = _count(
        1_000_000, "resources, scopes, spans, events, links and attributes of a request together"
    )
    resources: int = _count(100_000, "resources of a request")
    scopes: int = _count(100_000, "scopes of a request")
    spans: int = _count(1_000_000, "spans of a request")
    events: int = _count(1_000_000, "events of a request")
    links: int = _count(1_000_000, "links of a request")
    attributes: int = _count(1_000_000, "attributes of the spans, events and links of a request")
    resource: int = _bytes(1 * MIB, "one resource or scope: they become Python objects")
    name_length: int = _bytes(
        1 * MIB, "the name of a span, event or attribute; a span with a longer one is rejected"
    )
    attribute_length: int = _bytes(
        1 * MIB, "one attribute value as text; a span with a longer one is rejected"
    )
    #: Reading a value takes three calls a level, and Python allows a thousand.
    nesting: int = _count(
        64, "arrays and maps within each other; a span with a deeper value is rejected", most=200
    )
    nested_values: int = _count(
        100_000, "values in the arrays and maps of one attribute; a span with more is rejected"
    )
    json_marks: int = _count(
        4_000_000, "braces, brackets and commas of a JSON body: its objects cost 80 bytes each"
    )
    reasons: int = _count(5, "reasons told for rejected spans; the count is always whole", least=0)

    # All of them at one moment.
    receiving: int = _bytes(256 * MIB, "all bodies being received over HTTP")
    waiting_requests: int = _count(1024, "requests received and not yet committed")
    waiting_bytes: int = _bytes(256 * MIB, "the bodies of those, decompressed")
    #: More than will ever come: gRPC answers the next with RESOURCE_EXHAUSTED without RetryInfo,
    #: which tells exporters to drop their spans. A call that waits for a thread has not been read
    #: (measured: 400 calls of 8 MiB take no more memory than 150).
    grpc_calls: int = _count(8192, "gRPC calls under way, most of them not read yet")
    connections: int = _count(512, "connections of each listener; processes may open 1,024 files")

    @property
    def fewest(self) -> int:
        """The smallest of the counts of a request; in fewer bytes than two each nothing is over."""
        return min(
            self.items, self.resources, self.scopes, self.spans, self.events, self.links,
            self.attributes,
        )  # fmt: skip


DEFAULT_LIMITS = Limits()

#: Of each limit, by its name.
BOUNDS: Final[Mapping[str, Bound]] = {each.name: each.metadata["bound"] for each in fields(Limits)}


def with_values(limits: Limits, given: Mapping[str, object]) -> Limits:
    """``limits`` with others in their place, given as numbers or texts such as 20MiB or 30s.

    Raises InputError that names the limit and what it may be.
    """
    values: dict[str, Any] = {name: _value(name, value) for name, value in given.items()}
    return replace(limits, **values)


def _value(name: str, given: object) -> float:
    bound = BOUNDS.get(name)
    if bound is None:
        close = difflib.get_close_matches(name, BOUNDS, 1)
        raise InputError(
            f'there is no limit "{name}"',
            do=f"did you mean {close[0]}?" if close else f"one of {', '.join(BOUNDS)}",
        )
    value = _number(given, bound.unit)
    if value is None or not bound.least <= value <= bound.most:
        raise InputError(
            f'"{given}" is no value for the limit {name} ({bound.what})',
            do=f"give {_KINDS[bound.unit]}, {_shown(bound.least)} to {_shown(bound.most)}",
        )
    return value


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


_KINDS: Final = {
    "bytes": "bytes or a size such as 20MiB",
    "seconds": "seconds or a duration such as 500ms, 30s",
    "count": "a whole number",
}
_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "bytes": {"": 1, "b": 1}
    | {f"{k}{b}": 1000**n for n, k in enumerate("kmg", 1) for b in ("", "b")}
    | {f"{k}i{b}": 1024**n for n, k in enumerate("kmg", 1) for b in ("", "b")},
    "seconds": {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600},
    "count": {"": 1},
}


def _number(given: object, unit: str) -> float | None:
    """The number that is meant, whole but for seconds; None when it is none."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    match = re.fullmatch(r"(\d[\d_,]*(?:\.\d+)?) *([A-Za-z]*)", str(given).strip())
    factor = _UNITS[unit].get(match[2].lower()) if match else None
    if match is None or factor is None:
        return None
    value = float(re.sub("[_,]", "", match[1])) * factor
    if unit == "seconds":
        return value
    return int(value) if value.is_integer() else None
