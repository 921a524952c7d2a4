"""``tracemap serve``: collect spans, analyse them, answer the other commands."""

from __future__ import annotations

import ipaddress
import logging
import shlex
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracemap.cli.common import DEFAULT_DB, Db, duration_ns, examples, size_bytes
from tracemap.cli.logs import Format, Level, set_up
from tracemap.cli.output import err
from tracemap.cli.text import clean
from tracemap.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from tracemap.web.server import Listening, Server

_log = logging.getLogger(__name__)

EPILOG = examples(
    "tracemap serve", "tracemap serve --db shop.duckdb --grpc 127.0.0.1:14317 --http off"
)


def serve(
    db: Db = DEFAULT_DB,
    grpc: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="OTLP over gRPC; 'off' for none.")
    ] = "127.0.0.1:4317",
    http: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="OTLP over HTTP; 'off' for none.")
    ] = "127.0.0.1:4318",
    web: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="The query API on a port too, without SQL."),
    ] = None,
    owners: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Take in this ownership.yaml.")
    ] = None,
    grace: Annotated[
        str | None,
        typer.Option(help="How long a late span may be on its way (default 2m); it is stored."),
    ] = None,
    lag: Annotated[
        str | None,
        typer.Option(help="Live sources are known up to now minus this (default 30s); stored."),
    ] = None,
    analyse_every: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Analyse new spans this often at most; 'off': only when somebody asks.",
        ),
    ] = "5s",
    keep: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Delete executions that ended longer ago: 12h, 30d."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Delete the oldest beyond this much: 500MB, 20GB."),
    ] = None,
    log_format: Annotated[
        Format, typer.Option(help="The log on stderr: for people, or a JSON object a line.")
    ] = Format.TEXT,
    log_level: Annotated[Level, typer.Option(help="From where on to log.")] = Level.INFO,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the addresses there, as JSON, once all is up.")
    ] = None,
) -> None:
    """Collect OpenTelemetry spans, rebuild executions from them, and answer the other commands."""
    from tracemap.web.server import Options, Server

    set_up(log_format, log_level)
    options = Options(
        db=db,
        grpc=_address(grpc),
        http=_address(http),
        web=web,
        grace_ns=duration_ns(grace) if grace else None,
        lag_ns=duration_ns(lag) if lag else None,
        keep_ns=duration_ns(keep) if keep else None,
        max_size=size_bytes(max_size) if max_size else None,
        analyse_every=None if analyse_every == "off" else duration_ns(analyse_every) / 1e9,
    )
    if options.grpc is None and options.http is None:
        raise InputError("with --grpc off and --http off there is nowhere to send spans to")
    _load_owners(db, owners or ())
    _serve(Server(options), db, ready_file, _tell if log_format is Format.TEXT else _log_start)


def _address(text: str) -> str | None:
    return None if text == "off" else text


def _load_owners(db: Path, files: list[Path] | tuple[()]) -> None:
    """Before serving, through the same door as 'owners load'."""
    import tracemap

    if not files:
        return
    with tracemap.open(db, create=True) as opened:
        for file in files:
            for problem in opened.load_ownership(file):
                err().print(clean(problem), style="red", soft_wrap=True)


def _serve(
    server: Server, db: Path, ready_file: Path | None, tell: Callable[[Listening, Path], None]
) -> None:
    from tracemap.web.server import write_ready_file

    asked = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        asked.set()
        signal.signal(number, signal.SIG_DFL)  # a second one ends it at once

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    listening = server.start()
    try:
        tell(listening, db)
        if ready_file is not None:
            write_ready_file(ready_file, listening)
        asked.wait()
        if tell is _tell:
            err().print("stopping: finishing what is in flight", style="dim")
        else:
            _log.info("stopping: finishing what is in flight")
    finally:
        server.stop()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _log_start(listening: Listening, db: Path) -> None:
    """What ``_tell`` says, for a machine."""
    _log.info("started", extra={"database": str(db), **asdict(listening)})
    for address in (listening.grpc, listening.http):
        if address is not None and not _inside(address):
            _log.warning("%s can be reached from other machines", address)


def _tell(listening: Listening, db: Path) -> None:
    console = err()
    console.print(f"tracemap stores spans in {clean(db)}", style="bold", soft_wrap=True)
    for label, address, more in (
        ("OTLP/gRPC", listening.grpc, ""),
        ("OTLP/HTTP", listening.http, " OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    ):
        if address is None:
            continue
        console.print(f"  {label}  {address}", soft_wrap=True)
        console.print(
            f"    export OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}{more}", soft_wrap=True
        )
        if not _inside(address):
            console.print(
                f"  warning: {address} can be reached from other machines, and anyone there "
                "can send spans",
                style="bold yellow",
                soft_wrap=True,
            )
    if listening.web is not None:
        console.print(f"  query API  http://{listening.web}", soft_wrap=True)
    name = "" if db == DEFAULT_DB else f" --db {shlex.quote(str(db))}"
    console.print(f"  ask it: tracemap findings{clean(name)}", soft_wrap=True)
    console.print("  Ctrl-C stops it", style="dim")


def _inside(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
