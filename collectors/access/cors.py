"""Which web pages may send spans (Fetch standard, "CORS protocol"). None, until origins are given.

A browser tells the origin of a page with each request that could change something, and programs
that are no browser tell none: a request with another origin than those given is refused, also where
the browser would not have asked before it (a page that had its own name point to this machine).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tracemap.errors import InputError

_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: Headers that a page may send, beside those that need no leave.
_HEADERS: Final = ("authorization", "content-type", "content-encoding", "traceparent", "tracestate")
#: Seconds for which a browser need not ask again.
_MAX_AGE: Final = b"7200"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Cors:
    """Origins such as ``https://shop.example``, or ``*`` for every page of the world."""

    origins: frozenset[str] = frozenset()
    headers: tuple[str, ...] = _HEADERS

    @classmethod
    def of(cls, origins: Sequence[str], headers: Sequence[str] = ()) -> Cors:
        """What was given, checked. Raises InputError."""
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin.lower()):
                raise InputError(
                    f'"{origin}" is no origin', do="write https://HOST, with its port if it has one"
                )
        for header in headers:
            if not _HEADER.fullmatch(header):
                raise InputError(f'"{header}" is no name of a header')
        lower = (header.lower() for header in headers)
        return cls(frozenset(o.lower() for o in origins), (*_HEADERS, *lower))

    def allows(self, origin: bytes) -> bool:
        """Whether a page of that origin may send spans."""
        return "*" in self.origins or origin.decode("latin-1").lower() in self.origins

    def answer(self, origin: bytes) -> Headers:
        """What every answer to an allowed page says."""
        if "*" in self.origins:
            return [(b"access-control-allow-origin", b"*")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),  # sendBeacon always has them
            (b"access-control-expose-headers", b"retry-after"),
            (b"vary", b"origin"),
        ]

    def preflight(self, origin: bytes) -> Headers:
        """What the answer to a browser's question says."""
        return [
            *self.answer(origin),
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", ", ".join(self.headers).encode()),
            (b"access-control-max-age", _MAX_AGE),
        ]
