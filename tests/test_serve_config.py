"""``tracemap serve --config``: every option may stand in it, the command line goes before it."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from load.serving import serving
from pages import ROOT
from test_own_rules import SHAPE, rule
from typer.testing import CliRunner

from tracemap.cli import config, serve
from tracemap.cli.app import app
from tracemap.collectors.access import Access, Cors
from tracemap.collectors.access.tokens import SCOPES
from tracemap.collectors.otlp.limits import BOUNDS
from tracemap.errors import InputError
from tracemap.web.server import Options, Server

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
#: The whole file that the page shows, between ```toml and ```.
EXAMPLE = max(re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL), key=len)
RUNNER = CliRunner()

#: Parameters of the command that are no options, or cannot stand in a file.
NOT_IN_FILES = {"ctx", "config", "limit"}


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What would be served, instead of serving it."""
    found: list[Options] = []

    def take(self: Server, given: Options) -> None:
        found.append(given)
        raise InputError("far enough")

    monkeypatch.setattr(Server, "__init__", take)
    return found


def run(folder: Path, text: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Stderr of ``tracemap serve --config`` with that file."""
    file = folder / "tracemap.toml"
    file.write_text(text, encoding="utf-8")
    result = RUNNER.invoke(app, ["serve", "--config", str(file), *arguments], env=env or {})
    assert result.exit_code == 2, result.output
    return result.stderr.replace(str(folder), "")


def test_the_example_holds_every_option_and_every_limit() -> None:
    named = _names(EXAMPLE)
    known = set(inspect.signature(serve.serve).parameters) - NOT_IN_FILES
    assert named == known | {f"limits.{name}" for name in BOUNDS}


def _names(text: str) -> set[str]:
    """Options and limits of a file, also those in a comment (``#grpc = "off"``)."""
    names, table = set(), ""
    for line in text.splitlines():
        if found := re.match(r"\[(\w+)\]", line):
            table = found[1]
        elif found := re.match(r"#?(\w+) = ", line):
            between = "." if table == "limits" else "_" if table else ""
            names.add(f"{table}{between}{found[1]}")
    return names


def test_the_example_is_read(tmp_path: Path, options: list[Options]) -> None:
    (tmp_path / "ownership.yaml").write_text("version: 1\nteams: []\n", encoding="utf-8")
    rule(tmp_path / "rules", SHAPE)
    text = EXAMPLE.replace("/var/lib/tracemap", str(tmp_path))
    assert "far enough" in run(tmp_path, text)
    issued = Authority(tmp_path, "clients").issue("server")
    assert issued.certificate.exists()
    (tmp_path / "tokens").write_text("ingest token-0123456789\n", encoding="utf-8")
    text = text.replace("/etc/tracemap", str(tmp_path))
    everything = re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert "far enough" in run(tmp_path, everything)
    default, full = options
    access = Access()
    assert replace(default, access=access) == Options(tmp_path / "tracemap.duckdb", access=access)
    assert default.access.tls is None
    assert not default.access.tokens.protects(*SCOPES)
    assert default.access.cors == Cors()
    assert full.access.tls is not None
    assert full.access.tls.mutual
    assert full.access.tokens.protects("ingest")
    assert full.access.cors == Cors.of(["https://shop.example"], ["x-tenant"])
    assert full.keep_ns == 30 * 86_400 * 10**9
    assert full.web == "127.0.0.1:4320"


def test_the_command_line_goes_before_the_file(tmp_path: Path, options: list[Options]) -> None:
    text = (
        'db = "a.duckdb"\ngrpc = "127.0.0.1:1"\nhttp = "127.0.0.1:2"\n'
        '[limits]\nbody = "1MiB"\nspans = 5\n'
    )
    run(tmp_path, text, "--http", "127.0.0.1:3", "--limit", "spans=6", "--limit", "links=7")
    (found,) = options
    assert (found.db, found.grpc, found.http) == (
        tmp_path / "a.duckdb",
        "127.0.0.1:1",
        "127.0.0.1:3",
    )
    assert (found.limits.body, found.limits.spans, found.limits.links) == (2**20, 6, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x =", "tracemap: /tracemap.toml: the configuration is not TOML: "),
        ("grpc = 1\ngrpc = 2", "tracemap: /tracemap.toml: the configuration is not TOML: "),
        ('grcp = "a"', '/tracemap.toml: grcp: there is no option "grcp"\n  try: did you mean grpc'),
        (
            '[log]\nfrmat = "a"',
            '/tracemap.toml: log.frmat: there is no option "log.frmat"\n  try: d',
        ),
        ('config = "a"', '/tracemap.toml: config: there is no option "config"'),
        ('limit = "a"', "did you mean limits?"),
        ("limits = 4", "/tracemap.toml: limits: limits have names"),
        (
            "limits.bodi = 4",
            '/tracemap.toml: limits.bodi: there is no limit "bodi"\n  try: did you',
        ),
        (
            "limits.body = true",
            '/tracemap.toml: limits.body: "True" is no value for the limit body',
        ),
        ("keep = 5", '/tracemap.toml: keep: 5 is not text\n  try: write it as "5"'),
        ('keep = "5 moons"', "/tracemap.toml: keep: '5 moons' is not a duration"),
        ('max_size = "5"', "/tracemap.toml: max_size: '5' is not a size"),
        (
            'grpc = "4317"',
            '/tracemap.toml: grpc: "4317" is no address\n  try: write it as HOST:PORT',
        ),
        (
            'log_format = "xml"',
            '/tracemap.toml: log_format: "xml" is not known\n  try: one of text, ',
        ),
        ('log_level = "info"\n[log]\nlevel = "info"', "log.level: this is given twice"),
        ('owners = ["a", 5]', "/tracemap.toml: owners: 5 is not text"),
        ('db = ["a"]', "/tracemap.toml: db: ['a'] is not text"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    told = run(tmp_path, text)
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep", "5 moons"], "--keep: '5 moons' is not a duration"),
        (["--tls-key", "x"], "--tls-certificate: TLS needs a certificate and its key"),
        (["--cors-origin", "shop"], '--cors-origin: "shop" is no origin'),
        (["--token-file", "/nothing"], "/nothing: the tokens cannot be read: No such file"),
        (["--limit", "body"], '--limit: "body" is no limit\n  try: write it as NAME=VALUE'),
        (["--limit", "body=x"], '--limit: "x" is no value for the limit body'),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    assert said in run(tmp_path, "", *arguments)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_files_that_are_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "a.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"the configuration (cannot be read|is not UTF-8)"):
        config.read(file, serve.serve)


def test_paths_are_seen_from_the_files_folder(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "a.toml").write_text('db = "a.duckdb"\nowners = ["o.yaml", "/p.yaml"]\n')
    found: Any = config.read(folder / "a.toml", serve.serve).options
    assert found["db"] == str(folder / "a.duckdb")
    assert found["owners"] == [str(folder / "o.yaml"), "/p.yaml"]


def test_a_server_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tracemap.toml"
    file.write_text('log_format = "json"\n[limits]\nspans = 1\n')
    with serving(tmp_path / "a.duckdb", "--config", str(file)) as served:
        assert '"message":"started"' in served.stop().replace('": "', '":"')
