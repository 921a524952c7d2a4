"""What ``tracemap serve`` says once it is up: where to send spans, and what to be wary of."""

from __future__ import annotations

import ipaddress
import logging
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tracemap.cli.common import DEFAULT_DB
from tracemap.cli.output import err
from tracemap.cli.text import clean

if TYPE_CHECKING:
    from tracemap.web.server import Listening, Options

_log = logging.getLogger(__name__)

#: A certificate that expires sooner is worth a word.
_SOON: Final = timedelta(days=14)


def log(listening: Listening, options: Options) -> None:
    """What ``tell`` says, for a machine."""
    _log.info("started", extra={"database": str(options.db), **asdict(listening)})
    for warning in warnings(listening, options):
        _log.warning("%s", warning)


def tell(listening: Listening, options: Options) -> None:
    """For a person, on stderr."""
    console = err()
    console.print(f"tracemap stores spans in {clean(options.db)}", style="bold", soft_wrap=True)
    scheme = "http" if options.access.tls is None else "https"
    headers = ""
    if options.access.tokens.protects("ingest"):
        headers = ' OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20TOKEN"'
    for label, address, protocol in (
        ("OTLP/gRPC", listening.grpc, "grpc"),
        ("OTLP/HTTP", listening.http, "http/protobuf"),
    ):
        if address is not None:
            console.print(f"  {label}  {address}", soft_wrap=True)
            # Both, always: which protocol is an SDK's default differs between languages.
            console.print(f"    export OTEL_EXPORTER_OTLP_PROTOCOL={protocol}", soft_wrap=True)
            endpoint = f"OTEL_EXPORTER_OTLP_ENDPOINT={scheme}://{address}{headers}"
            console.print(f"    export {endpoint}", soft_wrap=True)
    if listening.web is not None:
        console.print(f"  query API  {scheme}://{listening.web}", soft_wrap=True)
    for warning in warnings(listening, options):
        console.print(f"  warning: {clean(warning)}", style="bold yellow", soft_wrap=True)
    name = "" if options.db == DEFAULT_DB else f" --db {shlex.quote(str(options.db))}"
    console.print(f"  ask it: tracemap findings{clean(name)}", soft_wrap=True)
    console.print("  Ctrl-C stops it", style="dim")


def warnings(listening: Listening, options: Options) -> Iterator[str]:
    """What the operator should know of how open this server is."""
    tls, tokens = options.access.tls, options.access.tokens
    open_to_all = not tokens.protects("ingest") and (tls is None or not tls.mutual)
    for address in (listening.grpc, listening.http):
        if address is None or is_inside(address):
            continue
        if tls is None:
            more = "anyone there can send spans" if open_to_all else "tokens can be read on the way"
            yield f"{address} can be reached from other machines without TLS, and {more}"
        elif open_to_all:
            yield (
                f"{address} can be reached from other machines, and anyone there can send spans:"
                " give --token-file or --tls-client-ca"
            )
    if listening.web is not None and not is_inside(listening.web) and tls is None:
        yield f"{listening.web} can be reached without TLS, and tokens can be read on the way"
    if tls is not None and tls.loaded().expires - datetime.now(UTC) < _SOON:
        yield f"the certificate expires on {tls.loaded().expires:%F %T} UTC"


def is_inside(address: str) -> bool:
    """Whether only this machine can reach HOST:PORT."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
