"""Who may send spans: TLS and client certificates, tokens, origins; real handshakes on both."""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from certificates import Authority, Files
from cryptography.hazmat.primitives import serialization
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from load.serving import serving
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from otlp_requests import body, span

from tracemap.batch import SpanBatch
from tracemap.cli import started
from tracemap.collectors.access import Access, Cors, Tls, Tokens, files
from tracemap.collectors.access.tokens import SCOPES, VARIABLES
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.receivers import Receivers
from tracemap.errors import InputError
from tracemap.web.server import Listening, Options

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = "application/x-protobuf"
WAIT = 30.0
OLD, NEW, QUERY = "old-token-0123456789", "new-token-0123456789", "query-token-0123456789"


class Sink(list[str]):
    """Remembers the names of spans."""

    def take(self, batches: Sequence[SpanBatch]) -> None:
        for batch in batches:
            self.extend(batch.spans["name"].to_pylist())


@contextlib.contextmanager
def receiving(sink: Sink | None = None, limits: Any = None, **access: Any) -> Iterator[Receivers]:
    with Receivers(
        (Sink() if sink is None else sink).take,
        grpc="127.0.0.1:0",
        http="127.0.0.1:0",
        access=Access(**access),
        limits=Limits(**(limits or {})),
    ) as receivers:
        yield receivers


def post(receivers: Receivers, **given: Any) -> httpx.Response:
    """A span over HTTP; under TLS when a context is given as ``verify``."""
    scheme = "https" if "verify" in given else "http"
    headers = {"content-type": PROTOBUF} | given.pop("headers", {})
    url = f"{scheme}://{receivers.http}/v1/traces"
    return httpx.post(
        url, content=body(span()), headers=headers, trust_env=False, timeout=WAIT, **given
    )


def export(
    receivers: Receivers, credentials: Any = None, **options: Any
) -> grpc.StatusCode | grpc.RpcError:
    """A span over gRPC."""
    target, own = str(receivers.grpc), [("grpc.use_local_subchannel_pool", 1)]
    if credentials is None:
        channel = grpc.insecure_channel(target, own)
    else:
        channel = grpc.secure_channel(target, credentials, own)
    with channel:
        try:
            channel.unary_unary(EXPORT)(body(span()), timeout=WAIT, **options)
        except grpc.RpcError as error:
            return error
    return grpc.StatusCode.OK


def trusting(ca: Path, client: Files | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return context


def credentials(ca: Path, client: Files | None = None) -> Any:
    return grpc.ssl_channel_credentials(
        ca.read_bytes(),
        client and client.key.read_bytes(),
        client and client.certificate.read_bytes(),
    )


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def ours(ca: Authority) -> Files:
    return ca.issue("server")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at again each time."""
    monkeypatch.setattr(files, "_PAUSE", 0.0)


# --- TLS ------------------------------------------------------------------------------------------


def test_tls_on_both(ca: Authority, ours: Files) -> None:
    sink = Sink()
    with receiving(sink, tls=ours.tls()) as receivers:
        assert post(receivers, verify=trusting(ca.certificate)).status_code == 200
        assert export(receivers, credentials(ca.certificate)) is grpc.StatusCode.OK
    assert sink == ["charge card"] * 2


def test_who_does_not_trust_it_does_not_come(tmp_path: Path, ours: Files) -> None:
    other = Authority(tmp_path, "other")
    with receiving(tls=ours.tls()) as receivers:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            post(receivers, verify=trusting(other.certificate))
        failed = export(receivers, credentials(other.certificate))
        assert failed.code() is grpc.StatusCode.UNAVAILABLE


def test_plain_text_on_a_tls_port_is_refused_and_others_go_on(ca: Authority, ours: Files) -> None:
    sink = Sink()
    with receiving(sink, tls=ours.tls()) as receivers:
        with pytest.raises(httpx.TransportError):
            post(receivers)
        assert export(receivers).code() is grpc.StatusCode.UNAVAILABLE
        assert post(receivers, verify=trusting(ca.certificate)).status_code == 200
        assert export(receivers, credentials(ca.certificate)) is grpc.StatusCode.OK
    assert len(sink) == 2


def test_tls_on_a_plain_port_is_refused(ca: Authority) -> None:
    with receiving() as receivers:
        with pytest.raises(httpx.ConnectError):
            post(receivers, verify=trusting(ca.certificate))
        failed = export(receivers, credentials(ca.certificate))
        assert failed.code() is grpc.StatusCode.UNAVAILABLE
        assert post(receivers).status_code == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(ca: Authority, ours: Files, version: ssl.TLSVersion) -> None:
    context = trusting(ca.certificate)
    context.minimum_version = context.maximum_version = version
    with receiving(tls=ours.tls()) as receivers:
        assert post(receivers, verify=context).status_code == 200


def test_old_versions_are_not_spoken(ca: Authority, ours: Files) -> None:
    assert ours.tls().context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert ours.tls().loaded().context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_clients_with_a_certificate_alone(tmp_path: Path, ca: Authority, ours: Files) -> None:
    clients, strangers = Authority(tmp_path, "clients"), Authority(tmp_path, "strangers")
    known, stranger = clients.issue("known"), strangers.issue("stranger")
    sink = Sink()
    with receiving(sink, tls=ours.tls(clients.certificate)) as receivers:
        assert post(receivers, verify=trusting(ca.certificate, known)).status_code == 200
        assert export(receivers, credentials(ca.certificate, known)) is grpc.StatusCode.OK
        for client in (None, stranger):
            with pytest.raises(httpx.TransportError):
                post(receivers, verify=trusting(ca.certificate, client))
            failed = export(receivers, credentials(ca.certificate, client))
            assert failed.code() is grpc.StatusCode.UNAVAILABLE
        assert post(receivers, verify=trusting(ca.certificate, known)).status_code == 200
    assert len(sink) == 3


def _replace(old: Files, new: Files) -> None:
    shutil.copy(new.certificate, old.certificate)
    shutil.copy(new.key, old.key)


@pytest.mark.usefixtures("at_once")
def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path: Path) -> None:
    first, second = Authority(tmp_path, "first"), Authority(tmp_path, "second")
    server = first.issue("server")
    sink = Sink()
    with receiving(sink, tls=server.tls()) as receivers:
        kept = httpx.Client(verify=trusting(first.certificate), timeout=WAIT, trust_env=False)
        url, headers = f"https://{receivers.http}/v1/traces", {"content-type": PROTOBUF}
        assert kept.post(url, content=body(span()), headers=headers).status_code == 200
        assert export(receivers, credentials(first.certificate)) is grpc.StatusCode.OK

        _replace(server, second.issue("renewed"))
        assert post(receivers, verify=trusting(second.certificate)).status_code == 200
        assert export(receivers, credentials(second.certificate)) is grpc.StatusCode.OK
        with pytest.raises(httpx.ConnectError):
            post(receivers, verify=trusting(first.certificate))
        # What stands, stands.
        assert kept.post(url, content=body(span()), headers=headers).status_code == 200
        kept.close()
    assert len(sink) == 5


@pytest.mark.usefixtures("at_once")
def test_another_client_authority_is_taken_without_a_restart(
    tmp_path: Path, ca: Authority, ours: Files
) -> None:
    first, second = Authority(tmp_path, "first"), Authority(tmp_path, "second")
    one, other = first.issue("one"), second.issue("other")
    trusted = Path(shutil.copy(first.certificate, tmp_path / "trusted.pem"))
    with receiving(tls=ours.tls(trusted)) as receivers:
        assert post(receivers, verify=trusting(ca.certificate, one)).status_code == 200
        assert export(receivers, credentials(ca.certificate, one)) is grpc.StatusCode.OK
        shutil.copy(second.certificate, trusted)
        assert post(receivers, verify=trusting(ca.certificate, other)).status_code == 200
        assert export(receivers, credentials(ca.certificate, other)) is grpc.StatusCode.OK
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting(ca.certificate, one)
            context.maximum_version = version
            with pytest.raises(httpx.TransportError):
                post(receivers, verify=context)
        failed = export(receivers, credentials(ca.certificate, one))
        assert failed.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.usefixtures("at_once")
def test_a_renewal_that_is_none_leaves_the_old(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ca = Authority(tmp_path)
    server = ca.issue("server")
    with receiving(tls=server.tls()) as receivers:
        for broken in (b"", b"nonsense", ca.issue("other").certificate.read_bytes()):
            server.certificate.write_bytes(broken)
            assert post(receivers, verify=trusting(ca.certificate)).status_code == 200
            assert export(receivers, credentials(ca.certificate)) is grpc.StatusCode.OK
        server.certificate.unlink()
        assert post(receivers, verify=trusting(ca.certificate)).status_code == 200
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 4  # once for each
    assert all(text.startswith("the certificate stays as it was: ") for text in told)
    assert "does not belong to the certificate" in told[2]


def test_a_handshake_that_does_not_come_is_not_waited_for(ours: Files) -> None:
    with receiving(limits={"head_seconds": 0.2}, tls=ours.tls()) as receivers:
        for address in (receivers.http, receivers.grpc):
            assert address is not None
            with socket.create_connection((address.host, address.port), timeout=WAIT) as client:
                assert client.recv(1) == b""


def test_connections_count_before_their_handshake(ca: Authority, ours: Files) -> None:
    with receiving(limits={"connections": 3}, tls=ours.tls()) as receivers:
        assert receivers.http is not None
        to = (receivers.http.host, receivers.http.port)
        with contextlib.ExitStack() as held:
            for _ in range(3):
                held.enter_context(socket.create_connection(to, timeout=WAIT))
            with pytest.raises(httpx.TransportError):
                post(receivers, verify=trusting(ca.certificate))
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:  # until it noticed that they left
            with contextlib.suppress(httpx.TransportError):
                assert post(receivers, verify=trusting(ca.certificate)).status_code == 200
                break
        else:
            pytest.fail("nobody comes in any more")


def test_files_that_are_none(tmp_path: Path, ca: Authority, ours: Files) -> None:
    now = datetime.now(UTC)
    expired = ca.issue("expired", not_before=now - timedelta(9), not_after=now - timedelta(1))
    early = ca.issue("early", not_before=now + timedelta(1), not_after=now + timedelta(9))
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    missing = tmp_path / "missing.pem"
    wrong: list[tuple[Path, Path, Path | None, str]] = [
        (missing, ours.key, None, "missing.pem: the certificate cannot be read: No such file"),
        (ours.certificate, missing, None, "missing.pem: the key cannot be read: No such file"),
        (ours.certificate, ours.key, missing, "missing.pem: the client CA cannot be read: No such"),
        (tmp_path, ours.key, None, "the certificate cannot be read: Is a directory"),
        (ours.key, ours.key, None, "server.key: this holds no certificate (no line -----BEGIN C"),
        (ours.certificate, ours.certificate, None, "server.pem: this holds no key (no line -----B"),
        (broken, ours.key, None, "broken.pem"),
        (ours.certificate, ours.key, broken, "broken.pem: the client CA cannot be used"),
        (ours.certificate, expired.key, None, "this key does not belong to the certificate in "),
        (expired.certificate, expired.key, None, "expired.pem: the certificate has expired"),
        (early.certificate, early.key, None, "early.pem: the certificate is not valid yet"),
    ]
    for certificate, key, client_ca, said in wrong:
        with pytest.raises(InputError) as caught:
            Tls(certificate, key, client_ca)
        assert said in str(caught.value)


def test_a_key_with_a_password_does_not_ask_for_it(tmp_path: Path, ours: Files) -> None:
    key = serialization.load_pem_private_key(ours.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(InputError, match="the key is encrypted"):
        Tls(ours.certificate, locked)


# --- tokens ---------------------------------------------------------------------------------------


def token_file(folder: Path, text: str) -> Path:
    path = folder / "tokens"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(token_file(tmp_path, f"# two\ningest {OLD}\n\ningest {NEW}\nquery,sql {QUERY}\n"))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("token", [OLD, NEW])
def test_several_tokens_are_valid(tokens: Tokens, token: str) -> None:
    sink = Sink()
    with receiving(sink, tokens=tokens) as receivers:
        assert post(receivers, headers=bearer(token)).status_code == 200
        assert post(receivers, headers={"authorization": f"bearer  {token}"}).status_code == 200
        metadata = tuple(bearer(token).items())
        assert export(receivers, metadata=metadata) is grpc.StatusCode.OK
    assert len(sink) == 3


WRONG = [
    ({}, 401, 16, "Bearer realm", "send a token"),
    ({"authorization": ""}, 401, 16, "Bearer realm", "send a token"),
    ({"authorization": OLD}, 401, 16, "Bearer realm", "send a token"),
    ({"authorization": f"Basic {OLD}"}, 401, 16, "Bearer realm", "send a token"),
    (bearer(OLD[:-1]), 401, 16, 'error="invalid_token"', "this token is not valid"),
    (bearer(OLD + "x"), 401, 16, 'error="invalid_token"', "this token is not valid"),
    (bearer(QUERY), 403, 7, 'error="insufficient_scope", scope="ingest"', "not have the scope"),
]


@pytest.mark.parametrize(("headers", "http", "code", "challenge", "said"), WRONG)
@pytest.mark.parametrize("kind", [PROTOBUF, "application/json"])
def test_who_has_none_is_told_in_its_own_encoding(
    tokens: Tokens,
    headers: dict[str, str],
    http: int,
    code: int,
    challenge: str,
    said: str,
    kind: str,
) -> None:
    sink = Sink()
    with receiving(sink, tokens=tokens) as receivers:
        answer = post(receivers, headers={**headers, "content-type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (http, kind)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="tracemap"')
        assert challenge in answer.headers["www-authenticate"]
        if kind == PROTOBUF:
            status = Status.FromString(answer.content)
            found = {"code": status.code, "message": status.message}
            failed = export(receivers, metadata=tuple(headers.items()))
            assert failed.code().value[0] == code
            trailing = dict(failed.trailing_metadata())
            assert Status.FromString(trailing["grpc-status-details-bin"]) == status
            assert challenge in trailing["www-authenticate"]
        else:
            found = answer.json()
        assert found["code"] == code
        assert said in found["message"]
        results = {result for _, result in receivers.counters.now().requests}
        assert results == {"unauthenticated" if http == 401 else "forbidden"}
    assert not sink


def test_who_has_none_sends_no_body_and_learns_no_path(tokens: Tokens) -> None:
    with receiving(tokens=tokens) as receivers:
        assert receivers.http is not None
        for path in ("/v1/traces", "/nothing"):
            with socket.create_connection((receivers.http.host, receivers.http.port)) as client:
                head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
                client.sendall(head.encode())
                assert client.recv(1000).startswith(b"HTTP/1.1 401 ")
        with grpc.insecure_channel(str(receivers.grpc)) as channel:
            calls = [channel.stream_unary(EXPORT).future(_slow()) for _ in range(40)]
            for call in calls:
                assert call.exception(WAIT).code() is grpc.StatusCode.UNAUTHENTICATED


def _slow() -> Iterator[bytes]:
    time.sleep(0.5)
    yield b""


@pytest.mark.usefixtures("at_once")
def test_tokens_are_rotated_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = token_file(tmp_path, f"ingest {OLD}\n")
    with receiving(tokens=Tokens(path)) as receivers:

        def status(token: str) -> tuple[int, Any]:
            answered = export(receivers, metadata=tuple(bearer(token).items()))
            code = answered if isinstance(answered, grpc.StatusCode) else answered.code()
            return post(receivers, headers=bearer(token)).status_code, code

        good, bad = (200, grpc.StatusCode.OK), (401, grpc.StatusCode.UNAUTHENTICATED)
        assert (status(OLD), status(NEW)) == (good, bad)
        token_file(tmp_path, f"ingest {OLD}\ningest {NEW}\n")
        assert (status(OLD), status(NEW)) == (good, good)
        token_file(tmp_path, f"ingest {NEW}\n")
        assert (status(OLD), status(NEW)) == (bad, good)
        # A mistake changes nothing and is told, without the token.
        token_file(tmp_path, f"ingest {OLD}\nnonsense {QUERY} x\n")
        assert (status(OLD), status(NEW)) == (bad, good)
        path.unlink()
        assert (status(OLD), status(NEW)) == (bad, good)
        # Without any token nobody comes in; the door does not open.
        token_file(tmp_path, "# none\n")
        assert (status(OLD), status(NEW), post(receivers).status_code) == (bad, bad, 401)
    assert "tokens:2: this is not SCOPES TOKEN" in caplog.text
    for token in (OLD, NEW, QUERY):
        assert token not in caplog.text


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (OLD, ":1", "this is not SCOPES TOKEN"),
        (f"{OLD} ingest", ":1", "this is not SCOPES TOKEN"),
        (f"\ningest,quary {OLD}", ":2", "this is not SCOPES TOKEN"),
        (f"ingest {OLD} more", ":1", "this is not SCOPES TOKEN"),
        ("ingest short", ":1", "a token has less than 16 characters"),
        ("ingest " + "ü" * 20, ":1", "a token has characters that cannot be sent"),
        ("ingest " + '"' * 20, ":1", "a token has characters that cannot be sent"),
    ],
)
def test_tokens_that_are_none(tmp_path: Path, text: str, where: str, said: str) -> None:
    path = token_file(tmp_path, text)
    with pytest.raises(InputError) as caught:
        Tokens(path)
    assert str(caught.value).startswith(f"{path}{where}: {said}")
    for word in text.split():
        assert word in SCOPES or len(word) < 6 or word not in str(caught.value)


def test_a_token_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the tokens cannot be read: No such file"):
        Tokens(tmp_path / "nothing")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="the tokens cannot be read: it is not UTF-8"):
        Tokens(tmp_path / "bytes")


def test_a_token_file_for_everybody_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = token_file(tmp_path, f"ingest {OLD}")
    Tokens(path)
    assert not caplog.text
    path.chmod(0o644)
    Tokens(path)
    assert "every user of this machine can read the tokens" in caplog.text


@pytest.mark.parametrize("name", VARIABLES)
def test_tokens_of_the_environment(name: str) -> None:
    found = Tokens(environment={name: f" {OLD}, {NEW}\n"})
    for scope in SCOPES:
        assert found.protects(scope) == (scope == VARIABLES[name])
        for token in (OLD, NEW):
            assert found.refusal(f"Bearer {token}", scope) is None
    assert found.refusal(f"Bearer {QUERY}", VARIABLES[name]) is not None
    with pytest.raises(InputError, match=f"{name}: a token has less"):
        Tokens(environment={name: "short"})


def test_no_token_is_kept_as_it_is(tokens: Tokens) -> None:
    assert OLD not in repr(vars(tokens))


def test_every_token_is_compared(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that it takes does not tell which one was nearly right, or that the first was."""
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr("tracemap.collectors.access.tokens.hmac.compare_digest", compare)
    for token in (OLD, NEW, "unknown-token-0123456789"):
        compared.clear()
        tokens.check(f"Bearer {token}", "ingest")
        assert len(compared) == 3


# --- web pages ------------------------------------------------------------------------------------

PAGE = "https://shop.example"
ASK = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


def ask(receivers: Receivers, origin: str) -> httpx.Response:
    """What a browser asks before a page may send."""
    url = f"http://{receivers.http}/v1/traces"
    return httpx.options(url, headers={"origin": origin, **ASK}, trust_env=False)


def _cors(answer: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


def test_no_page_may_send_until_it_is_said() -> None:
    with receiving() as receivers:
        assert ask(receivers, PAGE).status_code == 403
        answer = post(receivers, headers={"origin": PAGE})
        assert answer.status_code == 403
        assert not _cors(answer)
        # One that had its name point here asks nobody; its origin tells it all the same.
        assert post(receivers, headers={"origin": f"http://{receivers.http}"}).status_code == 403
        assert post(receivers).status_code == 200


def test_pages_of_given_origins_may_send(tokens: Tokens) -> None:
    cors = Cors.of([PAGE, "http://localhost:3000"], ["X-Tenant"])
    with receiving(cors=cors, tokens=tokens) as receivers:
        asked = ask(receivers, PAGE)
        assert (asked.status_code, asked.content) == (204, b"")
        assert asked.headers["access-control-allow-origin"] == PAGE
        assert asked.headers["access-control-allow-methods"] == "POST"
        assert asked.headers["access-control-allow-credentials"] == "true"
        assert asked.headers["vary"] == "origin"
        allowed = asked.headers["access-control-allow-headers"].split(", ")
        assert {"content-type", "content-encoding", "authorization", "x-tenant"} <= set(allowed)
        good = post(receivers, headers={"origin": PAGE, **bearer(OLD)})
        refused = post(receivers, headers={"origin": PAGE})
        assert (good.status_code, refused.status_code) == (200, 401)
        for answer in (good, refused):  # the page can read why
            assert answer.headers["access-control-allow-origin"] == PAGE
        for other in (
            "https://shop.example.evil",
            "http://shop.example",
            "https://shop.example:444",
            "https://evil.example",
            "null",
            "*",
            "",
        ):
            assert ask(receivers, other).status_code == 403
            answer = post(receivers, headers={"origin": other, **bearer(OLD)})
            assert answer.status_code == 403
            assert not _cors(answer)


def test_every_page_only_if_it_is_said() -> None:
    with receiving(cors=Cors.of(["*"])) as receivers:
        asked = ask(receivers, "https://any.example")
        assert asked.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in asked.headers
        assert post(receivers, headers={"origin": "https://any.example"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["shop.example", "https://shop.example/", "https://*.example", "ftp://a", "https://", "null"],
)
def test_origins_that_are_none(origin: str) -> None:
    with pytest.raises(InputError, match="is no origin"):
        Cors.of([origin])
    with pytest.raises(InputError, match="is no name of a header"):
        Cors.of([], ["x y"])


# --- the real thing -------------------------------------------------------------------------------


@pytest.mark.parametrize("exporter", [GrpcExporter, HttpExporter])
def test_an_sdk_with_its_environment_variables_alone(
    exporter: Callable[[], SpanExporter],
    tmp_path: Path,
    ca: Authority,
    ours: Files,
    tokens: Tokens,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they go before the exporter's own
        monkeypatch.delenv(name, raising=False)
    clients = Authority(tmp_path, "clients")
    client = clients.issue("client")
    sink = Sink()
    with receiving(sink, tls=ours.tls(clients.certificate), tokens=tokens) as receivers:
        address = receivers.grpc if exporter is GrpcExporter else receivers.http
        for name, value in {
            "ENDPOINT": f"https://{address}",
            "HEADERS": f"authorization=Bearer%20{NEW}",
            "CERTIFICATE": str(ca.certificate),
            "CLIENT_CERTIFICATE": str(client.certificate),
            "CLIENT_KEY": str(client.key),
            "COMPRESSION": "gzip",
        }.items():
            monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter()))
        provider.get_tracer("test").start_span("charge card").end()
        provider.shutdown()
    assert sink == ["charge card"]


def test_a_running_server_reads_again_on_sighup_and_never_shows_a_token(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    ca.issue("server")
    path = token_file(tmp_path, f"ingest {OLD}\nquery {QUERY}\n")
    config = tmp_path / "tracemap.toml"
    config.write_text(
        'token_file = "tokens"\nweb = "127.0.0.1:0"\n'
        'tls = { certificate = "server.pem", key = "server.key" }\n'
        '[log]\nformat = "json"\nlevel = "debug"\n'
    )
    with serving(tmp_path / "a.duckdb", "--config", str(config)) as served:
        client = httpx.Client(verify=trusting(ca.certificate), timeout=WAIT, trust_env=False)

        def status(token: str) -> int:
            headers = {"content-type": PROTOBUF, **bearer(token)}
            url = f"https://{served.http}/v1/traces"
            return client.post(url, content=body(span()), headers=headers).status_code

        assert (status(OLD), status(NEW)) == (200, 401)
        token_file(tmp_path, f"ingest {NEW}\nquery {QUERY}\n")
        served.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + WAIT
        while status(NEW) != 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (status(OLD), status(NEW)) == (401, 200)
        metrics = client.get(f"https://{served.web}/metrics", headers=bearer(QUERY)).text
        assert 'result="unauthenticated"' in metrics
        assert "tracemap_tls_certificate_expiry_timestamp_seconds" in metrics
        client.close()
        said = served.stop()
    assert f"read 2 tokens from {path}" in said
    for token in (OLD, NEW, QUERY):
        assert token not in said + metrics


# --- what the operator is told --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "secure", "scopes", "said"),
    [
        ("127.0.0.1:1", False, (), None),
        ("[::1]:1", False, (), None),
        ("localhost:1", False, (), None),
        ("0.0.0.0:1", False, (), "without TLS, and anyone there can send spans"),
        ("[::]:1", False, ("query",), "without TLS, and anyone there can send spans"),
        ("10.0.0.1:1", False, ("ingest",), "without TLS, and tokens can be read on the way"),
        ("10.0.0.1:1", True, (), "anyone there can send spans: give --token-file or --tls-client"),
        ("10.0.0.1:1", True, ("ingest",), None),
    ],
)
def test_an_open_address_is_warned_of(
    ours: Files, address: str, secure: bool, scopes: tuple[str, ...], said: str | None
) -> None:
    tokens = Tokens(environment={f"TRACEMAP_{s.upper()}_TOKENS": OLD for s in scopes})
    access = Access(tls=ours.tls() if secure else None, tokens=tokens)
    listening = Listening(grpc=address, http=None, web=None, socket="")
    told = list(started.warnings(listening, Options(Path("a.duckdb"), access=access)))
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


def test_a_certificate_that_expires_soon_is_warned_of(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(days=5)
    tls = Authority(tmp_path).issue("server", not_after=soon).tls()
    listening = Listening(grpc="127.0.0.1:1", http=None, web=None, socket="")
    (told,) = started.warnings(listening, Options(Path("a.duckdb"), access=Access(tls=tls)))
    assert told == f"the certificate expires on {soon:%F %T} UTC"
