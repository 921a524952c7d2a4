"""The ingest benchmark sends what it says, measures every run, and can measure another receiver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import front
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracemap.collectors.otlp.decode import decode

PROGRAM = front.ROOT / "benchmarks" / "ingest.py"
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the benchmark reads /proc"
)


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--seconds", "3", "--warm-up", "0", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(front.ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_requests_are_what_the_benchmark_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM.parent))
    from ingest import Requests

    requests = Requests(3, seed=1)
    bodies = [requests.next() for _ in range(2)]
    spans = [
        span
        for body in bodies
        for span in ExportTraceServiceRequest.FromString(body)
        .resource_spans[0]
        .scope_spans[0]
        .spans
    ]
    assert len({span.trace_id for span in spans}) == len({span.span_id for span in spans}) == 6
    assert {len(span.attributes) for span in spans} == {10}
    messages = {a.value.string_value for s in spans for a in s.attributes if "message.id" in a.key}
    assert {len(message) for message in messages} == {16}
    assert len(messages) == 6
    assert all(s.start_time_unix_nano < s.end_time_unix_nano for s in spans)
    stored = decode(bodies)
    assert (stored.spans.num_rows, stored.reasons) == (6, ())


@pytest.mark.slow
def test_every_combination_is_measured_on_a_server_of_its_own(tmp_path: Path) -> None:
    found = run("--spans", "1,20", "--clients", "2", "--folder", str(tmp_path))
    rows = found["runs"]
    assert [(row["protocol"], row["spans_per_request"]) for row in rows] == [
        ("grpc", 1),
        ("grpc", 20),
        ("http", 1),
        ("http", 20),
    ]
    for row in rows:
        assert row["spans"] > 0
        assert row["spans"] % row["spans_per_request"] == 0
        assert row["refused_requests"] == 0
        assert 0 < row["p50_ms"] <= row["p99_ms"] <= row["max_ms"]
        assert row["peak_memory_mib"] > 1
        assert row["disk_bytes_per_span"] > 0
    assert list(tmp_path.iterdir()) == []


def test_another_receiver_is_measured_by_address_and_process(tmp_path: Path) -> None:
    db = tmp_path / "other.duckdb"
    with front.serving(db) as server:
        assert server.listening is not None
        found = run(
            *("--endpoint", str(server.listening.http), "--pid", str(os.getpid())),
            *("--protocols", "http", "--clients", "1", "--spans", "5", "--disk", str(db)),
        )
    (row,) = found["runs"]
    with front.local(db) as opened:
        assert opened.sql("SELECT count(*) AS n FROM spans")["n"][0] >= row["spans"] > 0
