"""The query API on a port: tokens, scopes, pages of a browser, TLS, and the command line there."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import front
import httpx
import pytest
from certificates import Authority
from typer.testing import CliRunner

import tracemap
from tracemap.cli.app import app
from tracemap.collectors.access import Access, Tokens
from tracemap.collectors.otlp.limits import Limits
from tracemap.errors import AccessError, InputError, ServerError
from tracemap.web import gate
from tracemap.web.app import Api
from tracemap.web.connect import server_address
from tracemap.web.server import Options, Server

RUNNER = CliRunner()
LIST = {"reads": [{"name": "api/keys"}]}
JSON = {"content-type": "application/json"}
TOKEN = {scope: f"{scope}-token-0123456789" for scope in ("ingest", *gate.SCOPES)}


def tokens(*scopes: str) -> Tokens:
    return Tokens(environment={f"TRACEMAP_{s.upper()}_TOKENS": TOKEN[s] for s in scopes})


def bearer(scope: str) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKEN[scope]}"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return front.shop(tmp_path_factory.mktemp("shop"))


Start = Callable[..., str]


@pytest.fixture
def start(shop: Path) -> Iterator[Start]:
    """Serve the shop with that access; the URL of its query API."""
    running: list[Server] = []

    def run(web: str = "127.0.0.1:0", names: tuple[str, ...] = (), **access: Any) -> str:
        limits = access.pop("limits", Limits())
        options = Options(
            shop,
            grpc=None,
            http=None,
            web=web,
            web_names=names,
            access=Access(**access),
            analyse_every=None,
            limits=limits,
        )
        running.append(Server(options))
        listening = running[-1].start()
        assert listening.web is not None
        port = listening.web.rpartition(":")[2]
        return f"{'https' if access.get('tls') else 'http'}://127.0.0.1:{port}"

    yield run
    for server in running:
        server.stop()


def ask(url: str, method: str, path: str, **given: Any) -> httpx.Response:
    headers = JSON | given.pop("headers", {})
    body = {"POST": {"json": LIST}}.get(method, {})
    return httpx.request(
        method, url + path, headers=headers, trust_env=False, timeout=60, **{**body, **given}
    )


def error(answer: httpx.Response) -> dict[str, Any]:
    assert list(answer.json()) == ["error"]
    return dict(answer.json()["error"])


# --- tokens and scopes ----------------------------------------------------------------------------


def test_each_scope_opens_its_own_and_nothing_else(start: Start) -> None:
    url = start(tokens=tokens(*gate.SCOPES, "ingest"))
    for (method, path), opens in gate._OPENS.items():
        for scope in TOKEN:
            none = {"json": None, "content": b"[]"} if method == "POST" else {}
            answer = ask(url, method, path, headers=bearer(scope), **none)
            if scope in opens:  # it passed the gate, and the application found no request in it
                assert answer.status_code == (400 if none else 200), (path, scope, answer.text)
            else:
                assert answer.status_code == 403, (path, scope)
                assert error(answer)["type"] == "AccessError"
                assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        for headers in ({}, {"authorization": "Bearer nonsense-0123456789"}):
            answer = ask(url, method, path, headers=headers)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_page_of_the_application_has_its_place_in_the_gate() -> None:
    """Or it is not on a port; who adds one decides who may."""
    served: Any = Api(None, None, None).app()  # type: ignore[arg-type]
    pages = {(m, r.path) for r in served.routes for m in r.methods if m != "HEAD"}
    assert pages == set(gate._OPENS) | {("GET", path) for path in gate._HEALTH}


def test_a_door_without_a_token_is_no_door(start: Start) -> None:
    """SQL and what changes the database are off until a token opens them."""
    url = start(tokens=tokens("query"))
    for path in ("/v1/sql", "/v1/import", "/v1/forget", "/v1/reports", "/v1/settings"):
        for headers in ({}, bearer("query"), bearer("sql")):
            assert ask(url, "POST", path, headers=headers).status_code == 404
    assert ask(url, "POST", "/v1/frame", headers=bearer("query")).status_code == 200


def test_reading_is_off_where_only_another_scope_has_a_token(start: Start) -> None:
    url = start(tokens=tokens("metrics"))
    for headers in ({}, bearer("metrics")):
        assert ask(url, "POST", "/v1/frame", headers=headers).status_code == 404
    assert ask(url, "GET", "/metrics", headers=bearer("metrics")).status_code == 200
    assert ask(url, "GET", "/metrics").status_code == 401


def test_a_token_for_sending_leaves_reading_on_this_machine_as_it_was(start: Start) -> None:
    url = start(tokens=tokens("ingest"))
    assert ask(url, "POST", "/v1/frame").status_code == 200
    assert ask(url, "POST", "/v1/sql").status_code == 404


def test_health_is_open_and_says_more_to_those_who_may_know(start: Start) -> None:
    url = start(tokens=tokens("query", "metrics", "sql"))
    for path in ("/healthz", "/readyz"):
        for headers in ({}, bearer("sql"), {"authorization": "nonsense"}):
            answer = ask(url, "GET", path, headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "pid" in ask(url, "GET", path, headers=bearer("metrics")).json()


#: Ways to name one thing to the gate and another to the application.
CRAFTED = [
    ("GET", "/v1/export", {"host": "x/healthz?"}),
    ("GET", "/v1/export", {"host": "x/healthz#"}),
    ("POST", "/v1/sql", {"host": "x/healthz?"}),
    ("HEAD", "/v1/export", {}),
    ("HEAD", "/metrics", {}),
    ("HEAD", "/v1/settings", {}),
    ("GET", "/v1/export/", {}),
    ("GET", "//v1/export", {}),
    ("GET", "/healthz/../v1/export", {}),
    ("GET", "/healthz/%2e%2e/v1/export", {}),
    ("GET", "/v1/%65xport", {}),
    ("GET", "/healthz;/v1/export", {}),
    ("OPTIONS", "/v1/sql", {}),
    ("GET", "/v1/export", {"x-http-method-override": "GET", "x-original-url": "/healthz"}),
    ("GET", "/v1/export", {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), CRAFTED)
def test_no_way_around(start: Start, method: str, path: str, headers: dict[str, str]) -> None:
    """Also where no Host is checked."""
    url = start(web="0.0.0.0:0", tokens=tokens(*gate.SCOPES))
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        given = {"host": "x", **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items())]
        client.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode())
        status = int(client.recv(1000).split()[1])
    assert status in (400, 401, 404), status


# --- pages in a browser ---------------------------------------------------------------------------


def test_a_page_of_another_origin_may_do_nothing(start: Start) -> None:
    url = start()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"):
        for method, path in (("POST", "/v1/frame"), ("GET", "/healthz"), ("OPTIONS", "/v1/frame")):
            answer = ask(url, method, path, headers={"origin": origin})
            assert answer.status_code == 403
            assert not [h for h in answer.headers if h.startswith("access-control")]
    assert ask(url, "POST", "/v1/frame", headers={"origin": url}).status_code == 200


def test_names(start: Start) -> None:
    url = start(names=("Tracemap.example", "other.example:444"))
    port = url.rpartition(":")[2]
    for host, status in {
        f"127.0.0.1:{port}": 200,
        f"LOCALHOST:{port}": 200,
        "tracemap.example": 200,
        "tracemap.example:4320": 200,
        "other.example:444": 200,
        "other.example": 421,
        "other.example:445": 421,
        "evil.example": 421,
        f"evil.example:{port}": 421,
        "": 421,
    }.items():
        answer = ask(url, "POST", "/v1/frame", headers={"host": host})
        assert answer.status_code == status, host


# --- beyond this machine --------------------------------------------------------------------------


def test_beyond_this_machine_it_needs_a_token(start: Start, shop: Path) -> None:
    for access in ({}, {"tokens": tokens("ingest")}):
        with pytest.raises(InputError, match="could read everything that is stored"):
            start(web="0.0.0.0:0", **access)
    url = start(web="0.0.0.0:0", tokens=tokens("query"))
    assert ask(url, "POST", "/v1/frame").status_code == 401
    answer = ask(url, "POST", "/v1/frame", headers={"host": "any.example", **bearer("query")})
    assert answer.status_code == 200


def test_or_a_certificate(start: Start, tmp_path: Path) -> None:
    ours, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    tls = ours.issue("server").tls(clients.certificate)
    url = start(web="0.0.0.0:0", tls=tls)
    client = clients.issue("client")
    environment = {"TRACEMAP_CA": str(ours.certificate)}
    with pytest.raises(ServerError, match=r"TRACEMAP_CLIENT_CERTIFICATE|went away"):
        _keys(url, environment)
    environment["TRACEMAP_CLIENT_CERTIFICATE"] = str(client.certificate)
    environment["TRACEMAP_CLIENT_KEY"] = str(client.key)
    assert _keys(url, environment) == ["order.id"]


def _keys(url: str, environment: dict[str, str]) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with tracemap.open(url) as opened:
            found: list[str] = opened.keys()["name"].to_list()
            return found


def test_slow_clients_do_not_keep_it(start: Start) -> None:
    url = start(limits=Limits(head_seconds=0.2))
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert client.recv(1) == b""


# --- the command line -----------------------------------------------------------------------------


def run(url: str, *command: str, **env: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, [*command, "--db", url], env={"COLUMNS": "120", **env})
    return result.exit_code, result.stdout, result.stderr


COMMANDS = [
    ["findings", "-f", "json"],
    ["executions", "list", "-f", "json"],
    ["custody", "4711", "-f", "json"],
    ["explain", "4711"],
    ["owners", "list", "-f", "json"],
    ["graph", "-f", "json"],
    ["sql", "SELECT count(*) AS n FROM spans", "-f", "json"],
]


def test_the_commands_answer_the_same_from_elsewhere(start: Start, tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    url = start(tls=ca.issue("server").tls(), tokens=tokens("query", "sql"))
    local = front.shop(tmp_path)
    for command in COMMANDS:
        token = TOKEN["sql" if command[0] == "sql" else "query"]
        there = run(url, *command, TRACEMAP_TOKEN=token, TRACEMAP_CA=str(ca.certificate))
        here = RUNNER.invoke(app, [*command, "--db", str(local)], env={"COLUMNS": "120"})
        assert there == (0, here.stdout, ""), command


def test_importing_and_exporting_from_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join(front.lines()))
    options = Options(
        tmp_path / "new.duckdb",
        grpc=None,
        http="127.0.0.1:0",
        web="127.0.0.1:0",
        access=Access(tokens=tokens("query", "admin")),
    )
    with Server(options) as server:
        assert server.listening is not None
        url = f"http://{server.listening.web}"
        code, _, said = run(url, "import", str(file), TRACEMAP_TOKEN=TOKEN["query"])
        assert (code, "this token does not have the scope admin" in said) == (2, True)
        assert run(url, "import", str(file), TRACEMAP_TOKEN=TOKEN["admin"])[0] == 0
        code, out, _ = run(url, "export", TRACEMAP_TOKEN=TOKEN["query"])
        assert code == 0
        spans = [
            span
            for line in out.splitlines()
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        assert len(spans) == 204


@pytest.mark.parametrize(
    ("scopes", "command", "token", "said"),
    [
        (("query",), ["findings"], "", "send a token"),
        (("query",), ["findings"], "nonsense-0123456789", "this token is not valid"),
        (("sql", "query"), ["sql", "SELECT 1"], TOKEN["query"], "does not have the scope sql"),
        (("query",), ["sql", "SELECT 1"], TOKEN["query"], "see 'What is open on that port'"),
    ],
)
def test_what_is_refused_is_told(
    start: Start, scopes: tuple[str, ...], command: list[str], token: str, said: str
) -> None:
    code, out, told = run(start(tokens=tokens(*scopes)), *command, TRACEMAP_TOKEN=token)
    assert (code, out) == (2, "")
    assert said in told
    assert not token or token not in told


def test_a_server_that_cannot_be_reached(tmp_path: Path, start: Start) -> None:
    ca = Authority(tmp_path)
    plain = start()
    code, _, told = run(plain.replace("http", "https"), "findings")
    assert (code, "is it http:// or https://?" in told) == (3, True), told
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        code, _, told = run(f"http://127.0.0.1:{free.getsockname()[1]}", "findings")
    assert (code, "cannot be reached" in told) == (3, True)
    assert ca.certificate.exists()


def test_a_certificate_that_is_not_known(tmp_path: Path, start: Start) -> None:
    url = start(tls=Authority(tmp_path).issue("server").tls())
    code, _, told = run(url, "findings")
    assert (code, "set TRACEMAP_CA to the authority" in told) == (3, True)
    code, _, told = run(url, "findings", TRACEMAP_CA="/nothing.pem")
    assert (code, "TRACEMAP_CA: /nothing.pem cannot be used" in told) == (2, True)
    code, _, told = run(url.replace("https", "http"), "findings")
    assert (code, "is it http:// or https://?" in told) == (3, True), told


@pytest.mark.parametrize(
    "url", ["http://", "https://user:secret-0123456789@host:1", "https://host/path", "http://h?a=b"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(InputError, match="this address is no server") as caught:
        tracemap.open(url)
    assert "secret" not in str(caught.value)


def test_what_is_an_address() -> None:
    for given in ("https://a:1", Path("https://a:1")):
        assert server_address(given) == "https://a:1"
    for given in ("a.duckdb", "/a/https:/b", "C:/a", Path("http.duckdb")):
        assert server_address(given) is None


def test_the_error_is_one_of_ours_in_python(start: Start) -> None:
    with tracemap.open(start(tokens=tokens("query"))) as opened, pytest.raises(AccessError):
        opened.findings()
