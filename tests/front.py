"""A shop's spans in a database, for the tests of the command line and the server."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from typer.testing import CliRunner

import tracemap
from tracemap.api import Tracemap
from tracemap.cli.app import app
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.local import LocalBackend
from tracemap.store import Store
from tracemap.web.server import Options, Server

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_traces"

#: The order whose message was lost; help texts speak of 4711.
LOST = "4711"


def lines() -> list[bytes]:
    """A shop where order 4711 was lost in a queue, as OTLP/JSON lines."""
    text = (SAMPLES / "orp002-lost-message" / "input.otlp.jsonl").read_text(encoding="utf-8")
    text = text.replace("ord-1020", LOST).replace("orders.placed", "orders")
    return [line.encode() for line in text.splitlines()]


def store_lines(store: Store, given: Sequence[bytes]) -> None:
    """Write lines of OTLP/JSON as a recording."""
    for line in given:
        store.write([decode([to_protobuf(line)])], source="recorded", kind="recorded")


@cache
def _analysed() -> Path:
    folder = Path(mkdtemp(prefix="tracemap-front-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "shop.duckdb"
    with Store.open(path) as store:
        store_lines(store, lines())
    with tracemap.open(path) as opened:
        assert opened.findings().height == 1
    return path


def shop(folder: Path, name: str = "shop.duckdb") -> Path:
    """A copy of the shop's analysed database in ``folder``."""
    return Path(shutil.copy(_analysed(), folder / name))


def export_map(folder: Path) -> None:
    """``docs/ownership-map.yaml`` and its page beside ``tracemap.duckdb``, as the command does."""
    arguments = ["map", "export", "--db", f"{folder}/tracemap.duckdb", "--out", f"{folder}/docs"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output


@contextmanager
def serving(path: Path) -> Iterator[Server]:
    """A server of ``path`` in this process, on ports of its own."""
    with Server(Options(path, grpc="127.0.0.1:0", http="127.0.0.1:0")) as server:
        yield server


def local(path: Path) -> Tracemap:
    """The database opened in this process, whoever else there is."""
    return Tracemap(LocalBackend.open(path, create=False))
