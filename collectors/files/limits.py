"""Bounds on files. They are larger than on the network: a person chose the file."""

from __future__ import annotations

from tracemap.collectors.otlp.limits import MIB, Limits

#: Bytes of one request in a file, decompressed.
MAX_REQUEST = 256 * MIB

_ITEMS = 20_000_000
LIMITS = Limits(
    items=_ITEMS,
    resources=_ITEMS,
    scopes=_ITEMS,
    spans=_ITEMS,
    events=_ITEMS,
    links=_ITEMS,
    attributes=_ITEMS,
    json_marks=1 << 62,
)
