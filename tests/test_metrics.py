"""``/metrics`` and the log: what an operator watches; the numbers are those of the load."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import otlp_requests as otlp
import pytest
from load.senders import together
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from otlp_requests import body, span
from prometheus_client.parser import text_string_to_metric_families
from test_serve import served

from tracemap.cli.logs import JsonLines
from tracemap.collectors.otlp.counters import COMMIT_SECONDS, Counters
from tracemap.errors import StoreError
from tracemap.web.server import Options, Server

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that analyses when it is asked, and never by itself."""
    options = Options(
        tmp_path / "a.duckdb",
        grpc=None,
        http="127.0.0.1:0",
        web="127.0.0.1:0",
        analyse_every=None,
    )
    with Server(options) as found:
        yield found


def send(server: Server, content: bytes, **headers: str) -> int:
    assert server.listening is not None
    url = f"http://{server.listening.http}/v1/traces"
    named = PROTOBUF | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(url, content=content, headers=named, timeout=60).status_code


def scrape(server: Server) -> dict[str, float]:
    """Sample with its labels -> value, as Prometheus' own library for Python reads them."""
    assert server.listening is not None
    answer = httpx.get(f"http://{server.listening.web}/metrics", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.type in {"counter", "gauge", "histogram"}, family
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            key = sample.name + (f"{{{labels}}}" if labels else "")
            assert key not in found
            found[key] = sample.value
        if family.type == "histogram":
            _check_histogram(family.name, found)
    # Its reader takes more than the format has: nothing may have been passed over.
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(found)
    return found


def _check_histogram(name: str, found: dict[str, float]) -> None:
    """Each class holds the smaller ones, and the last holds all."""
    classes = [value for key, value in found.items() if key.startswith(f"{name}_bucket{{")]
    assert classes == sorted(classes)
    assert classes[-1] == found[f'{name}_bucket{{le="+Inf"}}'] == found[f"{name}_count"]
    assert found[f"{name}_sum"] >= 0


def test_the_numbers_hold_while_many_send_and_scrape(server: Server) -> None:
    assert server.listening is not None
    bodies = [body(span(span_id=(n + 1).to_bytes(8))) for n in range(120)]
    refused: list[int] = []

    def work(some: list[bytes]) -> None:
        for one in some:
            assert send(server, one) == 200
        refused.append(send(server, b"nonsense"))

    seen = []

    def watch() -> None:
        for _ in range(10):
            now = scrape(server)
            seen.append(now["tracemap_spans_accepted_total"])
            assert now["tracemap_queue_requests"] >= 0
            assert now["tracemap_wal_bytes"] >= 0

    together(watch, *(partial(work, bodies[n::6]) for n in range(6)))
    assert seen == sorted(seen)
    now = scrape(server)
    assert now["tracemap_spans_accepted_total"] == now['tracemap_rows{table="span"}'] == 120
    assert now['tracemap_requests_total{protocol="http",result="ok"}'] == 120
    assert now['tracemap_requests_total{protocol="http",result="invalid"}'] == len(refused) == 6
    assert 0 < now["tracemap_commit_seconds_count"] <= 120
    assert now["tracemap_queue_requests"] == now["tracemap_queue_bytes"] == 0


def test_the_numbers_are_those_of_the_load(server: Server) -> None:
    before = scrape(server)
    assert before["tracemap_spans_accepted_total"] == 0
    assert before["tracemap_analysis_lag_seconds"] == 0
    deep = otlp.raw_body(
        span().SerializeToString()
        + otlp.field(9, otlp.deep_attribute("k", 100, AnyValue(string_value="x")))
    )
    good = body(span("a"), span("b"))
    bad = body(span("c"), span("d", trace_id=b"short"), span("e" * (2**20 + 1))) + deep + deep
    assert send(server, good) == 200
    assert send(server, bad) == 200
    assert send(server, b"\xff") == 400
    assert send(server, good, content_type="text/plain") == 415
    large = bytes(21 * 2**20)
    assert send(server, large) == 413
    now = scrape(server)
    assert now['tracemap_requests_total{protocol="http",result="ok"}'] == 2
    assert now['tracemap_requests_total{protocol="http",result="invalid"}'] == 1
    assert now['tracemap_requests_total{protocol="http",result="not_otlp"}'] == 1
    assert now['tracemap_requests_total{protocol="http",result="too_large"}'] == 1
    assert now['tracemap_request_bytes_total{protocol="http"}'] == len(good) + len(bad) + 1
    assert now["tracemap_spans_accepted_total"] == 3
    rejected = {
        reason: now[f'tracemap_spans_rejected_total{{reason="{reason}"}}']
        for reason in ("id", "text", "value")
    }
    assert rejected == {"id": 1, "text": 1, "value": 2}
    assert now['tracemap_rows{table="span"}'] == 3
    assert now["tracemap_queue_requests"] == now["tracemap_queue_bytes"] == 0
    assert now["tracemap_commit_seconds_count"] == now['tracemap_rows{table="batch"}'] == 2
    assert now['tracemap_commit_seconds_bucket{le="+Inf"}'] == 2
    assert now["tracemap_commit_seconds_sum"] > 0
    assert now["tracemap_wal_bytes"] > before["tracemap_wal_bytes"]
    assert now["tracemap_commits_failed_total"] == 0


def test_the_lag_is_that_of_the_analysis(server: Server) -> None:
    send(server, body(span("a")))
    assert scrape(server)["tracemap_analysis_lag_seconds"] > 0
    assert server._backend is not None
    server._backend.refresh()
    now = scrape(server)
    assert now["tracemap_analysis_lag_seconds"] == 0
    assert now["tracemap_analysis_duration_seconds"] > 0


def test_a_commit_that_fails_is_counted_and_not_as_accepted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server._backend is not None

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(server._backend.store, "write", full)
    assert send(server, body(span("a"))) == 503
    now = scrape(server)
    assert now['tracemap_requests_total{protocol="http",result="unavailable"}'] == 1
    assert now["tracemap_commits_failed_total"] == 1
    assert now["tracemap_spans_accepted_total"] == now["tracemap_commit_seconds_count"] == 0


def test_a_commit_is_counted_in_the_class_it_belongs_to() -> None:
    counters = Counters()
    for seconds in (0.0, COMMIT_SECONDS[0], COMMIT_SECONDS[0] * 1.01, COMMIT_SECONDS[-1] + 1):
        counters.commit(seconds)
    counts = counters.now().commits
    assert counts[:2] == (2, 1)
    assert counts[-1] == 1
    assert sum(counts) == 4


def test_the_socket_has_them_too(server: Server) -> None:
    assert server.listening is not None
    transport = httpx.HTTPTransport(uds=server.listening.socket)
    with httpx.Client(transport=transport, base_url="http://x", timeout=60) as client:
        assert "tracemap_build_info" in client.get("/metrics").text


def test_the_log_as_json_is_json_and_nothing_else(tmp_path: Path) -> None:
    with served(tmp_path / "a.duckdb", "--log-format", "json") as server:
        code, err = server.end(signal.SIGTERM)
    assert code == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["message"].split(":")[0] for line in lines] == ["started", "stopping"]
    assert lines[0]["level"] == "info"
    assert lines[0]["http"] == server.told["http"]
    assert lines[0]["time"].endswith("Z")


def test_the_level_of_the_log(tmp_path: Path) -> None:
    args = ("--log-format", "json", "--log-level", "error")
    with served(tmp_path / "a.duckdb", *args) as server:
        assert server.end(signal.SIGTERM) == (0, "")


def test_no_text_breaks_out_of_a_line_of_the_log() -> None:
    try:
        raise ValueError('a "quoted"\nsecond line\x1b[31m')
    except ValueError as error:
        record = logging.LogRecord(
            "tracemap", logging.ERROR, __file__, 1, "a\n%s", ("b",), (type(error), error, None)
        )
    record.size = 5
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    told = json.loads(line)
    assert told["message"] == "a\nb"
    assert told["size"] == 5
    assert "second line" in told["exception"]
