"""What a file that holds no OTLP seems to be, and what to do about it: (what, do), for people."""

from __future__ import annotations

from typing import Any, Final

Seen = tuple[str, str]

_UNPACK: Final = "unpack it, and import the files in it"
_RECOMPRESS: Final = "unpack it first; gzip and zstd are read as they are"
_CONVERT: Final = "let a Collector receive it and write it with its file exporter"
_EXPORT: Final = "give what a Collector's file exporter or an OTLP exporter wrote"

EMPTY: Final = ("the file is empty", "has its exporter flushed it? then export again")

#: (at, bytes there, what such a file is, what to do with it).
_MAGIC: Final = (
    (0, b"PK\x03\x04", "a zip archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"BZh", "compressed with bzip2", _RECOMPRESS),
    (0, b"\xfd7zXZ\x00", "compressed with xz", _RECOMPRESS),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4", _RECOMPRESS),
    (0, b"\x1f\x8b", "compressed twice", "unpack it once"),
    (0, b"\x28\xb5\x2f\xfd", "compressed twice", "unpack it once"),
    (8, b"DUCK", "a DuckDB database", "ask it: --db FILE, if tracemap wrote it"),
    (0, b"SQLite format 3\x00", "a SQLite database", _EXPORT),
    (0, b"PAR1", "Parquet", _EXPORT),
    (0, b"\xff\xfe", "text in UTF-16", "write it as UTF-8"),
    (0, b"\xfe\xff", "text in UTF-16", "write it as UTF-8"),
    (0, b"<", "XML or a web page", _EXPORT),
)

#: Bytes from the start of a file that tell.
PEEK: Final = 512


def bytes_like(start: bytes) -> Seen:
    """A file that begins so, and is neither JSON nor OTLP/protobuf."""
    for at, magic, what, do in _MAGIC:
        if start.startswith(magic, at):
            return f"this is no trace file: it is {what}", do
    if start.isascii() and all(byte >= 0x20 or byte in b"\t\r\n" for byte in start):
        return "this is no trace file: it is text, but not JSON", _EXPORT
    return "this is no trace file: it is binary, but not OTLP/protobuf", _EXPORT


def json_like(value: dict[str, Any]) -> Seen | None:
    """A JSON object that has the field of no request; None where it may be one all the same."""
    data = value.get("data")
    first = data[0] if isinstance(data, list) and data else value
    if _holds(first, "traceID") and _holds(first, "spans"):
        return "this is a trace of Jaeger, not OTLP", _CONVERT
    if "traceId" in value and "id" in value:
        return "this is a span of Zipkin, not OTLP", _CONVERT
    if "batches" in value or _holds(value.get("trace"), "resourceSpans"):
        return (
            "this is an answer of Tempo, with OTLP inside it",
            'cut out what is in "trace"; name "batches" "resourceSpans"',
        )
    if _holds(value.get("context"), "trace_id"):
        return "this is a span of a console exporter, not OTLP", "use an OTLP exporter instead"
    if not value or "resource_spans" in value:  # nothing, or spelled otherwise: its decoder tells
        return None
    return 'this is JSON, but not OTLP: it has no "resourceSpans"', _EXPORT


def _holds(value: Any, field: str) -> bool:
    return isinstance(value, dict) and field in value
