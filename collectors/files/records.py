"""What reading a file gives: requests, and what stood where a request should be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracemap.collectors.otlp.signals import TRACES, Signal


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file, counted from 1."""

    path: Path
    number: int
    unit: str  #: "line", "message", or "" for the file as a whole

    def __str__(self) -> str:
        if not self.unit:
            return str(self.path)
        if self.unit == "line":
            return f"{self.path}:{self.number}"
        return f"{self.path}, {self.unit} {self.number}"


@dataclass(frozen=True, slots=True)
class Request:
    """A serialised request of traces or logs. Not yet known to be one where it was protobuf."""

    location: Location
    body: bytes
    signal: Signal = TRACES


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read; what comes after it may be fine."""

    location: Location
    what: str
    do: str = ""  #: what to do about it, where that can be told

    def __str__(self) -> str:
        return f"{self.location}: {self.what}" + (f" ({self.do})" if self.do else "")


@dataclass(frozen=True, slots=True)
class OtherSignal:
    """A request of metrics: one file may hold all signals of a Collector."""

    location: Location
    signal: str


Record = Request | Problem | OtherSignal
