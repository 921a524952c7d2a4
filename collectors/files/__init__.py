"""OTLP files, as the Collector's file exporter and the SDKs write them.

What a file is shows in its content, not in its name:

- JSON: one object a line, or objects over several lines; of a trace, logs or metrics
- protobuf: messages with a length before each (a varint as protobuf libraries delimit streams, or
  four bytes big-endian as the Collector writes), or one bare message

each plain, under gzip or under zstd. The Collector with ``compression: zstd`` has had two ways: the
whole file, and each message by itself behind its length. Both are read.
"""

from __future__ import annotations

from tracemap.collectors.files.importing import (
    SOURCE,
    FileSink,
    ImportResult,
    Progress,
    import_files,
    read,
)
from tracemap.collectors.files.reading import read_file
from tracemap.collectors.files.records import Location, OtherSignal, Problem, Request

__all__ = [
    "SOURCE",
    "FileSink",
    "ImportResult",
    "Location",
    "OtherSignal",
    "Problem",
    "Progress",
    "Request",
    "import_files",
    "read",
    "read_file",
]
