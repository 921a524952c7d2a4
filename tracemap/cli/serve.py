"""``tracemap serve``: collect spans, analyse them, answer the other commands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracemap.cli import config as files
from tracemap.cli import started
from tracemap.cli.common import (
    DEFAULT_DB,
    REDACT,
    Db,
    duration_ns,
    examples,
    redaction_rules,
    size_bytes,
)
from tracemap.cli.logs import Format, Level, set_up
from tracemap.cli.output import err
from tracemap.cli.signals import Signals
from tracemap.cli.text import clean
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.collectors.access import Tls
    from tracemap.collectors.otlp.limits import Limits
    from tracemap.web.server import Options, Server

_log = logging.getLogger(__name__)

EPILOG = examples(
    "tracemap serve", "tracemap serve --db shop.duckdb --grpc 127.0.0.1:14317 --http off"
)


def _command() -> Callable[..., None]:
    return serve


def serve(
    ctx: typer.Context,
    db: Db = DEFAULT_DB,
    config: Annotated[Path | None, files.option(_command)] = None,  # noqa: ARG001 - see there
    grpc: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="OTLP over gRPC; 'off' for none.")
    ] = "127.0.0.1:4317",
    http: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="OTLP over HTTP; 'off' for none.")
    ] = "127.0.0.1:4318",
    web: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="The query API on a port too; docs/security.md."),
    ] = None,
    web_name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Another name by which requests may call that port."),
    ] = None,
    owners: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Take in this ownership.yaml.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Run the rules of your own in it; they are stored."),
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
    tls_certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Speak TLS on all ports, with this certificate (PEM)."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key of that certificate (PEM).")
    ] = None,
    tls_client_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Clients need a certificate of these authorities (PEM)."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Clients need one of these tokens; docs/security.md."),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Pages of it may send spans: https://shop.example."),
    ] = None,
    cors_header: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A header that these pages may send.")
    ] = None,
    redact: Annotated[list[str] | None, REDACT] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="What the database may hold in memory: 8GB; by default 3GB.",
        ),
    ] = None,
    trace_self: Annotated[
        str | None,
        typer.Option(
            metavar="TO",
            help="Trace tracemap itself: 'self', an OTLP endpoint http://HOST:PORT, or 'env'.",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What a request may cost: body=40MiB, spans=5000; docs/configuration.md has all.",
        ),
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
    from tracemap.collectors.access import Access, Cors, tokens
    from tracemap.web.server import Options, Server

    set_up(log_format, log_level)
    given = files.Given(ctx)
    options = Options(
        db=db,
        grpc=given.read("grpc", grpc, _address),
        http=given.read("http", http, _address),
        web=given.read("web", web, _address),
        web_names=tuple(web_name or ()),
        grace_ns=given.read("grace", grace, duration_ns),
        lag_ns=given.read("lag", lag, duration_ns),
        keep_ns=given.read("keep", keep, duration_ns),
        max_size=given.read("max_size", max_size, size_bytes),
        memory=given.read("memory", memory, size_bytes),
        trace_self=given.read("trace_self", trace_self, _traces),
        analyse_every=given.read("analyse_every", analyse_every, _seconds),
        limits=_limits(given, limit or ()),
        access=Access(
            tls=given.at("tls_certificate", lambda: _tls(tls_certificate, tls_key, tls_client_ca)),
            tokens=tokens.from_environment(token_file),
            cors=given.at("cors_origin", lambda: Cors.of(cors_origin or (), cors_header or ())),
        ),
        redact=redaction_rules(redact),
    )
    if options.grpc is None and options.http is None:
        raise InputError("with --grpc off and --http off there is nowhere to send spans to")
    _load_owners(db, owners or ())
    _load_rules(db, rules)
    _serve(Server(options), options, ready_file, log_format)


def _address(text: str) -> str | None:
    from tracemap.collectors.otlp.receivers import Address

    return None if text == "off" else str(Address.parse(text))


def _traces(text: str) -> str | None:
    from tracemap.web.own_traces import check

    return None if text == "off" else check(text)


def _seconds(text: str) -> float | None:
    return None if text == "off" else duration_ns(text) / 1e9


def _limits(given: files.Given, pairs: list[str] | tuple[()]) -> Limits:
    from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, with_values

    limits = DEFAULT_LIMITS
    for where, values in given.limits(pairs):
        try:
            limits = with_values(limits, values)
        except InputError as error:
            raise InputError(error.what, where=where, do=error.do) from None
    return limits


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> Tls | None:
    from tracemap.collectors.access import Tls

    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise InputError(
            "TLS needs a certificate and its key",
            do="give both --tls-certificate FILE and --tls-key FILE",
        )
    return Tls(certificate, key, client_ca)


def _load_owners(db: Path, files: list[Path] | tuple[()]) -> None:
    """Before serving, through the same door as 'owners load'."""
    import tracemap

    if not files:
        return
    with tracemap.open(db, create=True) as opened:
        for file in files:
            for problem in opened.load_ownership(file):
                err().print(clean(problem), style="red", soft_wrap=True)


def _load_rules(db: Path, folder: Path | None) -> None:
    """Before serving, through the same door as 'rules load'."""
    import tracemap

    if folder is not None:
        with tracemap.open(db, create=True) as opened:
            opened.load_rules(folder)


def _serve(server: Server, options: Options, ready_file: Path | None, log_format: Format) -> None:
    from tracemap.web.notify import notify
    from tracemap.web.server import write_ready_file

    signals = Signals()  # before the start: it may take a while, and be given up
    listening = server.start()
    try:
        if log_format is Format.TEXT:
            started.tell(listening, options)
        else:
            started.log(listening, options)
        if ready_file is not None:
            write_ready_file(ready_file, listening)
        notify("READY=1")
        signals.until_stop(lambda: _read_again(options))
        notify("STOPPING=1")
        if log_format is Format.TEXT:
            err().print("stopping: finishing what is in flight", style="dim")
        else:
            _log.info("stopping: finishing what is in flight")
    finally:
        server.stop()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _read_again(options: Options) -> None:
    """Certificates and tokens, in a thread: neither a file that hangs nor an error ends serving."""
    threading.Thread(target=options.access.refresh, daemon=True).start()
