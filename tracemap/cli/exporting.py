"""``tracemap export``: stored spans as OTLP again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from tracemap.cli.common import DEFAULT_DB, Db, examples, one_of, open_database
from tracemap.cli.output import note
from tracemap.cli.text import clean, count
from tracemap.errors import InputError

EPILOG = examples(
    "tracemap export --out spans.jsonl",
    "tracemap export --execution 4711 --format otlp-proto --out order.binpb",
)


class ExportFormat(StrEnum):
    """How spans are written."""

    otlp = "otlp"
    otlp_proto = "otlp-proto"


def export(
    db: Db = DEFAULT_DB,
    execution: Annotated[
        str | None, typer.Option(metavar="ID", help="Only the spans of this execution.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to this file, not to stdout.")
    ] = None,
    format: Annotated[  # noqa: A002
        ExportFormat,
        typer.Option(
            "--format", "-f", help="JSON lines, or protobuf with each message's length before it."
        ),
    ] = ExportFormat.otlp,
) -> None:
    """Stored spans as OTLP again, every field as it came in; 'tracemap import' takes the files."""
    protobuf = format is ExportFormat.otlp_proto
    if protobuf and to is None and sys.stdout.isatty():
        raise InputError("protobuf is not for a terminal", do="give --out FILE")
    requests = 0
    with open_database(db) as opened:
        which = None if execution is None else one_of(opened.resolve(execution), execution)
        with _written(to) as stream:
            for requests, request in enumerate(  # noqa: B007 - the number of the last is told
                opened.export(which, protobuf=protobuf), start=1
            ):
                # Four bytes of length, as the Collector's file exporter has it.
                before = len(request).to_bytes(4) if protobuf else b""
                stream.write(before + request + (b"" if protobuf else b"\n"))
    note(f"{count(requests, 'request')} written" + (f" to {clean(to)}" if to else ""))


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO]:
    """Stdout, or a file that is there once it is whole. Raises InputError."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"the file cannot be written: {error.strerror}", where=str(path), do="check the path"
        ) from error
    finally:
        part.unlink(missing_ok=True)
