"""Bounds on files. They are larger than on the network: a person chose the file."""

from __future__ import annotations

from tracemap.collectors.otlp.limits import MIB, Limits

#: Bytes of one request in a file, decompressed.
MAX_REQUEST = 256 * MIB

LIMITS = Limits(items=20_000_000, json_marks=1 << 62)
