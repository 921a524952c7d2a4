"""Bodies under a Content-Encoding, decompressed up to a limit and no further."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pyarrow as pa

from tracemap.errors import PayloadError, TooLargeError

_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 1 << 20
#: Members of one gzip body: zlib copies what is left of the body after each of them.
_MEMBERS = 100


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """``body`` without its ``encoding``, one of ENCODINGS.

    Raises PayloadError when it is not in that encoding or cut off, TooLargeError when it would
    become more than ``limit`` bytes; no more than that is ever held.
    """
    data = ENCODINGS[encoding](body, limit)
    if len(data) > limit:
        raise TooLargeError(
            f"the body is larger than {limit} bytes when decompressed",
            do="send it in smaller requests",
        )
    return data


def _gzip(body: bytes, limit: int) -> bytes:
    """One or several gzip members, as the format allows, up to _MEMBERS."""
    parts: list[bytes] = []
    held = 0
    while body and held <= limit:
        if len(parts) == _MEMBERS:
            raise PayloadError(f"the gzip body is made of more than {_MEMBERS} members")
        stream = zlib.decompressobj(_GZIP)
        parts.append(_inflate(stream, body, limit - held, "gzip"))
        held += len(parts[-1])
        body = stream.unused_data.lstrip(b"\0")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _deflate(body: bytes, limit: int) -> bytes:
    """Zlib's format, which is what HTTP calls deflate; raw deflate, which some send, as well."""
    raw = len(body) < 2 or body[0] & 0x0F != 8 or int.from_bytes(body[:2]) % 31
    stream = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    return _inflate(stream, body, limit, "deflate")


def _inflate(stream: zlib._Decompress, body: bytes, limit: int, name: str) -> bytes:
    """At most ``limit`` + 1 bytes, so that the caller sees when there would be more."""
    try:
        data = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise PayloadError(f"the body is not {name} ({error})") from error
    if not stream.eof and len(data) <= limit:
        raise PayloadError(f"the {name} body is cut off")
    return data


def _zstd(body: bytes, limit: int) -> bytes:
    parts: list[pa.Buffer] = []
    held = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
            # Not stream.read(): it leaks its buffer when the data is broken (pyarrow 26, measured).
            while held <= limit and (part := stream.read_buffer(min(_CHUNK, limit + 1 - held))):
                parts.append(part)
                held += len(part)
    except (OSError, pa.ArrowException) as error:
        raise PayloadError("the body is not zstd, or cut off") from error
    return b"".join(parts)


#: Content-Encoding -> a decompressor that returns at most ``limit`` + 1 bytes.
ENCODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": lambda body, limit: body[: limit + 1],
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
