"""The OpenTelemetry SDK for Node.js: what it sent once, always; what it sends now, if here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tracemap.batch import SpanBatch, ValueType
from tracemap.collectors.otlp.receivers import Receivers

RECORDED = Path(__file__).parent / "recorded_requests"
REQUESTS: list[dict[str, Any]] = json.loads((RECORDED / "requests.json").read_text())
INSTALL_SECONDS = 240

Running = tuple[Receivers, list[SpanBatch]]


@pytest.fixture
def running() -> Iterator[Running]:
    batches: list[SpanBatch] = []
    with Receivers(batches.extend, grpc="127.0.0.1:0", http="127.0.0.1:0") as receivers:
        yield receivers, batches


def check_order(batches: list[SpanBatch]) -> None:
    """What ``node/order.js`` sends, in whichever encoding."""
    (batch,) = batches
    send, charge, received, handled = batch.spans.to_pylist()
    assert [span["name"] for span in (send, charge, received, handled)] == [
        "send orders",
        "charge card",
        "POST /orders",
        "process orders",
    ]
    assert batch.spans["kind"].to_pylist() == [4, 3, 2, 5]
    assert batch.spans["flags"].to_pylist() == [257] * 4
    assert send["parent_span_id"] == charge["parent_span_id"] == received["span_id"]
    assert received["parent_span_id"] is handled["parent_span_id"] is None
    assert {send["trace_id"], charge["trace_id"]} == {received["trace_id"]}
    assert handled["trace_id"] != received["trace_id"]
    assert batch.spans["status"].to_pylist() == [0, 2, 1, 0]
    assert charge["status_message"] == "card declined"
    assert all(span["start_ns"] <= span["end_ns"] for span in batch.spans.to_pylist())

    assert attributes(batch, received) == {
        "order.id": (ValueType.STRING, "order-4711"),
        "order.lines": (ValueType.INT, "3"),
        "order.total": (ValueType.DOUBLE, "129.5"),
        "order.weight": (ValueType.INT, "2"),
        "order.express": (ValueType.BOOL, "true"),
        "order.skus": (ValueType.ARRAY, '["A-1","B-2","Ünïcödé ✓"]'),
        "order.quantities": (ValueType.ARRAY, "[1,2,2]"),
        "order.prices": (ValueType.ARRAY, "[9.5,120]"),
        "order.flags": (ValueType.ARRAY, "[true,false]"),
        "order.note": (ValueType.STRING, ""),
    }
    enqueued, exception = batch.events.to_pylist()
    assert (enqueued["name"], enqueued["span_id"]) == ("enqueued", send["span_id"])
    assert attributes(batch, enqueued) == {
        "messaging.kafka.offset": (ValueType.INT, "42"),
        "late": (ValueType.BOOL, "false"),
    }
    assert (exception["name"], exception["span_id"]) == ("exception", charge["span_id"])
    assert attributes(batch, exception)["exception.message"] == (ValueType.STRING, "card declined")
    (link,) = batch.links.to_pylist()
    assert (link["linked_trace_id"], link["linked_span_id"]) == (send["trace_id"], send["span_id"])
    assert attributes(batch, link) == {"order.id": (ValueType.STRING, "order-4711")}

    (scope,) = batch.scopes
    assert (scope.name, scope.version) == ("shop", "1.2.3")
    (resource,) = batch.resources
    shape = batch.shapes[resource.shape]
    values = dict(zip(shape.keys, resource.values, strict=True))
    assert (values["service.name"], values["service.tags"]) == ("node-shop", '["shop","node"]')
    assert (batch.rejected, batch.reasons) == (0, ())


def attributes(batch: SpanBatch, row: dict[str, Any]) -> dict[str, tuple[int, str]]:
    shape = batch.shapes[row["shape_no"]]
    return dict(zip(shape.keys, zip(shape.types, row["vals"], strict=True), strict=True))


@pytest.mark.parametrize("recorded", REQUESTS, ids=lambda request: str(request["body"]))
def test_what_node_sent(running: Running, recorded: dict[str, Any]) -> None:
    receivers, batches = running
    body = (RECORDED / recorded["body"]).read_bytes()
    if recorded["protocol"] == "grpc":
        with grpc.insecure_channel(str(receivers.grpc)) as channel:
            assert channel.unary_unary(recorded["path"])(body, timeout=30) == b""
    else:
        # An iterator makes the client send chunks, as Node.js did.
        answer = httpx.post(
            f"http://{receivers.http}{recorded['path']}",
            content=iter([body]),
            headers=recorded["headers"],
            trust_env=False,
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"] == recorded["headers"]["content-type"]
    check_order(batches)


def test_every_recorded_body_is_replayed() -> None:
    files = {path.name for path in RECORDED.glob("*.body")}
    assert files == {recorded["body"] for recorded in REQUESTS}
    assert {recorded["protocol"] for recorded in REQUESTS} == {"http", "grpc"}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK for Node.js installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "order.js"):
        shutil.copy(RECORDED / "node" / name, folder)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    install = ["npm", "install", *quiet, "--fetch-retries=0", "--fetch-timeout=20000"]
    try:
        subprocess.run(
            install, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("npm cannot install the OpenTelemetry packages here (no registry?)")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["json", "proto", "grpc"])
def test_what_node_sends(running: Running, scratch: Path, kind: str) -> None:
    receivers, batches = running
    address = receivers.grpc if kind == "grpc" else receivers.http
    subprocess.run(
        ["node", "order.js", kind],
        cwd=scratch,
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address}"},
        check=True,
        timeout=60,
    )
    check_order(batches)
