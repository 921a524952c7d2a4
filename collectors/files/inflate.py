"""Compressed files as plain streams that give all they can before they end.

The usual readers raise when data is cut off and lose what they had read ahead. A Collector that is
still writing leaves exactly such files, so here a cut ends the stream and is noted instead.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import BinaryIO

import pyarrow as pa

_CHUNK = 1 << 16
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Inflating(io.RawIOBase):
    """Plain bytes from ``source(n)``, which returns up to n, b"" at the end, and may raise."""

    def __init__(self, source: Callable[[int], bytes]) -> None:
        super().__init__()
        self._source = source
        self.damaged = False  #: the data was cut off or broken; it ended there

    def readable(self) -> bool:
        """Always; for io.BufferedReader."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill some of ``buffer``; 0 at the end."""
        if self.damaged:
            return 0
        try:
            data = self._source(len(buffer))
        except (EOFError, OSError, zlib.error, pa.ArrowException):
            self.damaged = True
            return 0
        buffer[: len(data)] = data
        return len(data)


def gzip(file: BinaryIO) -> Inflating:
    """The members of a gzip file, one after the other."""
    member = zlib.decompressobj(_GZIP_WINDOW)

    def read(size: int) -> bytes:
        nonlocal member
        while True:
            if member.eof:
                # Zero bytes may pad the end; anything else begins the next member.
                rest = member.unused_data.lstrip(b"\0") or file.read(_CHUNK).lstrip(b"\0")
                if not rest:
                    return b""
                member = zlib.decompressobj(_GZIP_WINDOW)
            else:
                rest = member.unconsumed_tail or file.read(_CHUNK)
                if not rest:
                    raise EOFError
            if plain := member.decompress(rest, size):
                return plain

    return Inflating(read)


def zstd(file: BinaryIO) -> Inflating:
    """The frames of a zstd file, one after the other."""
    stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    # Not stream.read(): it leaks its buffer when the data is broken (pyarrow 26, measured).
    return Inflating(lambda size: stream.read_buffer(min(size, _CHUNK)).to_pybytes())
