"""The HTTP API: its answers, its refusals in one shape, and what TCP does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import front
import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracemap
from tracemap import errors
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.errors import PayloadError, ServerError, StoreError, TracemapError
from tracemap.rows import Rows
from tracemap.web import batches, wire
from tracemap.web.client import RemoteBackend
from tracemap.web.place import socket_path
from tracemap.web.server import Options, Server

LIST = {
    "name": "api/owners",
    "params": {"kind": None, "name": None, "team": None},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    db = front.shop(tmp_path_factory.mktemp("api"))
    with Server(Options(db, grpc=None, http="127.0.0.1:0", web="127.0.0.1:0")) as found:
        yield found


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    """The socket."""
    assert server.listening is not None
    transport = httpx.HTTPTransport(uds=server.listening.socket)
    with httpx.Client(transport=transport, base_url="http://x", timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def tcp(server: Server) -> Iterator[httpx.Client]:
    """The port of --web."""
    assert server.listening is not None
    with httpx.Client(base_url=f"http://{server.listening.web}", timeout=60) as client:
        yield client


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """An error has one shape everywhere."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["type", "what", "where", "do"]
    return dict(body["error"])


def test_health(http: httpx.Client, tcp: httpx.Client, server: Server) -> None:
    assert server.listening is not None
    for client in (http, tcp):
        for path in ("/healthz", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 200
            body = answer.json()
            assert body["status"] == "ok"
            assert body["http"] == server.listening.http
            assert body["write_error"] is None


def test_frames_are_arrow(http: httpx.Client, tcp: httpx.Client) -> None:
    for client in (http, tcp):
        answer = client.post("/v1/frame", json={"reads": [LIST]})
        assert answer.headers["content-type"] == wire.ARROW
        with pa.ipc.open_stream(answer.content) as stream:
            assert stream.read_all().num_rows == 5


def test_several_frames_are_of_one_moment_and_come_one_after_the_other(http: httpx.Client) -> None:
    answer = http.post(
        "/v1/frame", json={"reads": [LIST, {"name": "api/keys"}, {"name": "explore/retries"}]}
    )
    lengths = [int(n) for n in answer.headers[wire.LENGTHS].split(",")]
    assert len(lengths) == 3
    assert sum(lengths) == len(answer.content)
    assert Rows.from_ipc(answer.content[lengths[0] :]).column("name") == ["order.id"]


@pytest.mark.parametrize(
    ("body", "status", "type_"),
    [
        ({}, 400, "InputError"),
        ({"reads": []}, 400, "InputError"),
        ({"reads": [LIST] * 21}, 400, "InputError"),
        ({"reads": "api/owners"}, 400, "InputError"),
        ({"reads": [{"name": 5}]}, 400, "InputError"),
        ({"reads": [{"name": "api/owners", "params": []}]}, 400, "InputError"),
        ({"reads": [{"name": "api/owners"}]}, 400, "InputError"),
        ({"reads": [{"name": "api/owners", "params": {"kind": ["a"]}}]}, 400, "InputError"),
        ({"reads": [{"name": "api/nothing"}]}, 404, "NotFoundError"),
        ({"reads": [{"name": "api/../guard/harden_lock"}]}, 404, "NotFoundError"),
        # Only reading statements can be named.
        ({"reads": [{"name": "guard/harden_lock"}]}, 404, "NotFoundError"),
        ({"reads": [{"name": "store/checkpoint"}]}, 404, "NotFoundError"),
        ({"reads": [{"name": "lifecycle/mute"}]}, 404, "NotFoundError"),
        ({"reads": [{"name": "explore/retries", "params": {"limit": "x"}}]}, 400, "InputError"),
        ({"reads": [{"name": "explore/retries", "params": {"limt": 1}}]}, 400, "InputError"),
    ],
)
def test_wrong_reads(http: httpx.Client, body: dict[str, Any], status: int, type_: str) -> None:
    assert refused(http.post("/v1/frame", json=body), status)["type"] == type_


@pytest.mark.parametrize("path", ["/v1/frame", "/v1/sql", "/v1/reports", "/v1/ownership"])
def test_bodies_that_are_none(http: httpx.Client, path: str) -> None:
    refused(http.post(path), 400)
    refused(http.post(path, content=b"{}", headers={"content-type": "text/plain"}), 400)
    for body in (b"", b"[]", b'"a"', b"{", b"\xff", b"null", b"[" * 100_000):
        refused(http.post(path, content=body, headers={"content-type": "application/json"}), 400)


def test_a_body_that_is_too_large(http: httpx.Client) -> None:
    refused(http.post("/v1/sql", json={"sql": "x" * 2**21}), 413)


def test_pages_that_are_none(http: httpx.Client) -> None:
    refused(http.get("/"), 404)
    refused(http.get("/v1/sql"), 405)
    refused(http.put("/v1/settings"), 405)


def test_sql(http: httpx.Client) -> None:
    answer = http.post("/v1/sql", json={"sql": "SELECT 1 AS a"})
    assert Rows.from_ipc(answer.content).to_dicts() == [{"a": 1}]
    assert wire.TRUNCATED not in answer.headers
    answer = http.post("/v1/sql", json={"sql": "SELECT * FROM range(10)", "limits": {"rows": 3}})
    assert Rows.from_ipc(answer.content).height == 3
    assert answer.headers[wire.TRUNCATED] == "3"
    refused(http.post("/v1/sql", json={"sql": "SELECT 1", "limits": {"rows": "x"}}), 400)
    refused(http.post("/v1/sql", json={"sql": 5}), 400)
    assert "read-only" in refused(http.post("/v1/sql", json={"sql": "CHECKPOINT"}), 400)["what"]


@pytest.mark.parametrize(
    "path", ["/v1/sql", "/v1/import", "/v1/settings", "/v1/ownership", "/v1/reports"]
)
def test_the_port_has_neither_sql_nor_writing(tcp: httpx.Client, path: str) -> None:
    refused(tcp.post(path, json={"sql": "SELECT 1"}), 404)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", ""])
def test_a_page_that_rebinds_its_name_is_refused(tcp: httpx.Client, host: str) -> None:
    refused(tcp.get("/healthz", headers={"host": host}), 421)


def test_a_page_cannot_post_a_form_here(tcp: httpx.Client) -> None:
    body = json.dumps({"reads": [LIST]}).encode()
    refused(tcp.post("/v1/frame", content=body, headers={"content-type": "text/plain"}), 400)
    assert "access-control-allow-origin" not in tcp.get("/healthz").headers


def test_import_of_otlp_and_of_what_is_none(tmp_path: Path) -> None:
    db = tmp_path / "a.duckdb"
    protobuf = {"content-type": "application/x-protobuf"}
    with front.serving(db) as server:
        assert server.listening is not None
        transport = httpx.HTTPTransport(uds=server.listening.socket)
        with httpx.Client(transport=transport, base_url="http://x", timeout=60) as http:
            first, *rest = front.lines()
            as_json = http.post(
                "/v1/import?source=a", content=first, headers={"content-type": "application/json"}
            )
            stored = as_json.json()["spans"]
            for line in rest:
                answer = http.post("/v1/import", content=to_protobuf(line), headers=protobuf)
                stored += answer.json()["spans"]
            assert stored == 204
            refused(http.post("/v1/import", content=b"\xff\xff", headers=protobuf), 400)
            refused(http.post("/v1/import", content=b"x"), 400)
            broken = {"content-type": batches.MEDIA_TYPE}
            refused(http.post("/v1/import", content=b"{}\nx", headers=broken), 400)
            for wrong in (5, ["x"], [-1], [2**63], [True]):
                refused(http.post("/v1/copies", json={"batches": wrong}), 400)
        with tracemap.open(db) as opened:
            assert opened.sql("SELECT count(*) AS n FROM spans")["n"].item() == 204
            names = opened.sql("SELECT name FROM store.source ORDER BY name")["name"].to_list()
            assert names == ["a", "recorded"]


def test_settings_are_replaced_whole_or_not(http: httpx.Client) -> None:
    before = http.get("/v1/settings").json()
    wrong = {**before, "keys": 5}
    refused(http.post("/v1/settings", json=wrong), 400)
    assert http.get("/v1/settings").json() == before


def test_a_batch_survives_its_journey() -> None:
    batch = decode([to_protobuf(line) for line in front.lines()])
    back = batches.from_bytes(batches.to_bytes(batch))
    assert tuple(back.shapes) == tuple(batch.shapes)
    assert tuple(back.resources) == tuple(batch.resources)
    assert tuple(back.scopes) == tuple(batch.scopes)
    for name in ("spans", "links", "events"):
        assert getattr(back, name).equals(getattr(batch, name))


def test_a_batch_that_points_at_nothing_is_refused() -> None:
    batch = decode([to_protobuf(front.lines()[0])])
    batch.shapes = tuple(batch.shapes)[:1]
    with pytest.raises(PayloadError, match="not there"):
        batches.from_bytes(batches.to_bytes(batch))


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=400))
def test_broken_bytes_are_a_payload_error(noise: bytes, at: int) -> None:
    good = batches.to_bytes(decode([to_protobuf(front.lines()[0])]))
    for body in (noise, b"{}\n" + noise, good[:at] + noise, good[: -1 - at]):
        with pytest.raises(PayloadError):
            batches.from_bytes(body)


def _all_errors() -> list[type[TracemapError]]:
    found = [getattr(errors, name) for name in dir(errors)]
    return [e for e in found if isinstance(e, type) and issubclass(e, TracemapError)]


@pytest.mark.parametrize("kind", _all_errors())
def test_every_error_arrives_as_what_it_was(kind: type[TracemapError]) -> None:
    error = kind("what", where="where", do="do")
    back = wire.read_error(json.loads(json.dumps(wire.error_body(error))), 400)
    assert type(back) is kind
    assert (back.what, back.where, back.do) == ("what", "where", "do")
    assert str(back) == str(error)
    assert 400 <= wire.status_of(error) <= 599


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"error": "text"},
        {"error": {"what": 5}},
        {"error": {"type": "annotations", "what": "x"}},
        {"error": {"type": "Exception", "what": "x"}},
    ],
)
def test_an_error_that_is_none_of_ours_is_a_server_error(body: object) -> None:
    assert type(wire.read_error(body, 500)) is ServerError


# httpcore leaves the socket whose connection failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_goes_away(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    with front.serving(db):
        backend = RemoteBackend.beside(socket_path(db))
        assert backend.rows([("api/keys", {})])[0].height == 1
    with pytest.raises(ServerError, match="went away"):
        backend.rows([("api/keys", {})])
    backend.close()


def test_a_defect_in_the_server_is_told_and_it_goes_on(
    server: Server, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr("tracemap.local.LocalBackend.rows", broken)
        told = refused(http.post("/v1/frame", json={"reads": [LIST]}), 500)
        assert "boom" not in told["what"]
    assert http.post("/v1/frame", json={"reads": [LIST]}).status_code == 200


def test_not_ready_when_spans_cannot_be_written(
    server: Server, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    assert server.listening is not None
    url = f"http://{server.listening.http}/v1/traces"
    line = front.lines()[0]
    headers = {"content-type": "application/json"}
    with monkeypatch.context() as patch:
        patch.setattr("tracemap.store.Store.write", full)
        assert httpx.post(url, content=line, headers=headers).status_code >= 500
        answer = http.get("/readyz")
        assert answer.status_code == 503
        assert "disk is full" in answer.json()["write_error"]
        assert http.get("/healthz").status_code == 200
    assert httpx.post(url, content=line, headers=headers).status_code == 200
    assert http.get("/readyz").status_code == 200
