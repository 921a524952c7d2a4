"""Log records of spans: over the wire, through the store, out again; and what is not stored."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import front
import httpx
import otlp_logs
import otlp_requests as otlp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_logs import log
from otlp_requests import attribute, span
from typer.testing import CliRunner

from tracemap import export, pipeline, retention
from tracemap.batch import SpanBatch
from tracemap.cli.app import app
from tracemap.collectors import files
from tracemap.collectors.otlp import decode, encode, logs
from tracemap.collectors.otlp import metrics as metrics_of
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.receivers import Receivers
from tracemap.collectors.otlp.signals import LOGS
from tracemap.errors import PayloadError, TooLargeError
from tracemap.store import Store
from tracemap.web import batches
from tracemap.web.place import socket_path

RUNNER = CliRunner()
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def rows(messages: Sequence[ExportLogsServiceRequest]) -> str:
    return otlp.comparable([row for one in messages for row in otlp_logs.rows_of_message(one)])


def exported(found: Sequence[SpanBatch]) -> tuple[str, str]:
    """The log records of an export as protobuf, and as JSON."""
    as_protobuf = [body for batch in found for body in encode.to_protobuf(batch)]
    as_json = [to_protobuf(body, signal=LOGS) for batch in found for body in encode.to_json(batch)]
    return tuple(  # type: ignore[return-value]
        rows([ExportLogsServiceRequest.FromString(body) for body in bodies])
        for bodies in (as_protobuf, as_json)
    )


# -- nothing of a record is lost ------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(otlp_logs.requests(), min_size=1, max_size=3))
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, sent: list[ExportLogsServiceRequest]
) -> None:
    with Store.open(tmp_path_factory.mktemp("logs") / "db") as store:
        store.write([logs.decode([one.SerializeToString() for one in sent])])
        found = list(export.batches(store))
        assert store.missing_rows() == []
    assert exported(found) == (rows(sent), rows(sent))
    again = [batches.from_bytes(batches.to_bytes(batch)) for batch in found]
    assert exported(again)[0] == rows(sent)


@settings(max_examples=30)
@given(otlp_logs.requests())
def test_json_says_the_same(sent: ExportLogsServiceRequest) -> None:
    batch = logs.decode([to_protobuf(otlp_logs.to_json(sent), signal=LOGS)])
    assert exported([batch])[0] == rows([sent])
    unrelated = [
        sum(not otlp_logs.related(r) for s in one.scope_logs for r in s.log_records)
        for one in sent.resource_logs
    ]
    assert batch.unrelated == (sum(unrelated),)


def test_a_record_that_cannot_be_stored_is_refused_alone() -> None:
    deep = AnyValue(int_value=1)
    for _ in range(40):
        outer = AnyValue()
        outer.array_value.values.append(deep)
        deep = outer
    limits = Limits(nesting=30)
    message = otlp_logs.request(
        log("a"), log("b", body=deep), log("c", attributes=[KeyValue(key="k", value=deep)])
    )
    batch = logs.decode([message.SerializeToString()], limits=limits)
    assert batch.logs["body"].to_pylist() == ["a"]
    assert batch.rejected == 2
    assert batch.reasons == (
        'log record 2 of its scope: "body" nests deeper than 30 levels',
        'log record 3 of its scope: "k" nests deeper than 30 levels',
    )


def test_more_items_than_allowed_are_counted_before_they_are_decoded() -> None:
    many = otlp_logs.request(*(log() for _ in range(100))).SerializeToString()
    small = Limits(items=100)
    with pytest.raises(TooLargeError, match="the request holds 102 resources"):
        logs.decode([many], limits=small)


def test_texts_that_are_too_long_are_refused() -> None:
    long = log("a", event_name="x" * 11), log("b", severity_text="x" * 10), log("c" * 21), log("d")
    limits = Limits(name_length=10, attribute_length=20)
    batch = logs.decode([otlp_logs.body(*long)], limits=limits)
    assert batch.logs["body"].to_pylist() == ["b", "d"]
    assert batch.reasons == (
        'log record 1 of its scope: "event_name" has 11 bytes, more than 10',
        'log record 3 of its scope: "body" has 21 bytes, more than 20',
    )


@pytest.mark.parametrize("depth", [100, 300_000])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_groups_within_groups_are_no_end_of_the_process(depth: int, place: int) -> None:
    body = bytes([15 << 3 | 3]) * depth + bytes([15 << 3 | 4]) * depth
    for number in (1, 2, 2)[3 - place :][::-1]:
        body = otlp.field(number, body)
    for decoder in (logs.decode, lambda bodies: metrics_of.data_points(bodies[0])):
        with suppress(PayloadError):
            decoder([body])


def test_metrics_are_counted_as_far_as_they_may_be() -> None:
    body = metrics().SerializeToString()
    assert metrics_of.data_points(body, limits=Limits(items=12)) == 5
    with pytest.raises(TooLargeError):
        metrics_of.data_points(body, limits=Limits(items=11))


# -- the answers ----------------------------------------------------------------------------------


@pytest.fixture
def collector() -> Any:
    stored: list[SpanBatch] = []
    with Receivers(stored.extend, grpc="127.0.0.1:0", http="127.0.0.1:0") as receivers:
        yield receivers, stored


def metrics() -> ExportMetricsServiceRequest:
    """Five data points, one of each kind."""
    message = ExportMetricsServiceRequest()
    scope = message.resource_metrics.add().scope_metrics.add()
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        point = getattr(scope.metrics.add(name=kind), kind).data_points.add(time_unix_nano=7)
        if kind == "gauge":
            point.as_int = -5
            point.exemplars.add(span_id=otlp.SPAN, trace_id=otlp.TRACE, as_double=0.5)
        if kind == "exponential_histogram":
            point.scale = -3
            point.positive.bucket_counts.extend([1, 2**63])
    return message


def test_the_answer_says_what_was_not_stored(collector: Any) -> None:
    receivers, stored = collector
    sent = otlp_logs.request(log("a"), log("b", span_id=b""), log("c", trace_id=b""), log("d"))
    why = "2 log records carry no trace and span id; tracemap stores those that do"
    with httpx.Client(base_url=f"http://{receivers.http}", timeout=30) as http:
        answer = http.post("/v1/logs", content=sent.SerializeToString(), headers=PROTOBUF)
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "application/x-protobuf",
        )
        partial = ExportLogsServiceResponse.FromString(answer.content).partial_success
        assert (partial.rejected_log_records, partial.error_message) == (2, why)
        answer = http.post("/v1/logs", content=otlp_logs.to_json(sent), headers=JSON)
        assert answer.json() == {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": why}}
        assert http.post("/v1/logs", content=otlp_logs.body(log()), headers=PROTOBUF).content == b""
        assert http.post("/v1/logs", content=b"{}", headers=JSON).json() == {}
        answer = http.post("/v1/metrics", content=metrics().SerializeToString(), headers=PROTOBUF)
        points = ExportMetricsServiceResponse.FromString(answer.content).partial_success
        assert points.rejected_data_points == 5
        assert "metrics it takes and drops" in points.error_message
        as_json = json.dumps(otlp.to_json(metrics()))
        answer = http.post("/v1/metrics", content=as_json, headers=JSON)
        assert answer.json()["partialSuccess"]["rejectedDataPoints"] == "5"
        for path in ("/v1/logs", "/v1/metrics"):
            assert http.post(path, content=b"", headers=PROTOBUF).content == b""
            answer = http.post(path, content=b"\xff", headers=PROTOBUF)
            assert answer.status_code == 400
            answer = http.post(path, content=b'{"resourceSpans":[]}', headers=JSON)
            assert answer.json()["message"] == f"this holds traces, not {path[4:]}"
            assert http.get(path).status_code == 405
    assert [body for batch in stored for body in batch.logs["body"].to_pylist()] == [
        *("a", "d"),
        *("a", "d"),
        "charging",
    ]
    counts = receivers.counters.now()
    assert (counts.accepted["logs"], counts.rejected["logs", "unrelated"]) == (5, 4)
    assert (counts.accepted["metrics"], counts.rejected["metrics", "metric"]) == (0, 10)


def test_each_request_hears_of_its_own_records(collector: Any) -> None:
    receivers, _ = collector
    intake = receivers._intake
    bodies = [otlp_logs.body(*(log(span_id=b"") for _ in range(n)), log()) for n in range(20)]
    futures = [intake.submit(body, LOGS) for body in bodies]
    assert [future.result(30).rejected for future in futures] == list(range(20))


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_an_sdk_with_all_signals_on_works_without_errors(
    collector: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    """Traces, logs and metrics of the SDK for Python, with nothing but the endpoint set."""
    from opentelemetry._logs import SeverityNumber
    from opentelemetry.exporter.otlp.proto.grpc import (
        _log_exporter as grpc_logs,
    )
    from opentelemetry.exporter.otlp.proto.grpc import (
        metric_exporter as grpc_metrics,
    )
    from opentelemetry.exporter.otlp.proto.grpc import (
        trace_exporter as grpc_traces,
    )
    from opentelemetry.exporter.otlp.proto.http import (
        _log_exporter as http_logs,
    )
    from opentelemetry.exporter.otlp.proto.http import (
        metric_exporter as http_metrics,
    )
    from opentelemetry.exporter.otlp.proto.http import (
        trace_exporter as http_traces,
    )
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    receivers, stored = collector
    address = receivers.grpc if protocol == "grpc" else receivers.http
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{address}")
    exporters: tuple[Any, Any]
    if protocol == "grpc":
        exporters = grpc_traces.OTLPSpanExporter, grpc_logs.OTLPLogExporter
        reader = PeriodicExportingMetricReader(grpc_metrics.OTLPMetricExporter())
    else:
        exporters = http_traces.OTLPSpanExporter, http_logs.OTLPLogExporter
        reader = PeriodicExportingMetricReader(http_metrics.OTLPMetricExporter())
    tracing, logs_of, meters = TracerProvider(), LoggerProvider(), MeterProvider([reader])
    tracing.add_span_processor(BatchSpanProcessor(exporters[0]()))
    logs_of.add_log_record_processor(BatchLogRecordProcessor(exporters[1]()))
    logger = logs_of.get_logger("shop")
    with caplog.at_level(logging.WARNING):
        with tracing.get_tracer("shop").start_as_current_span("charge card") as current:
            logger.emit(
                severity_number=SeverityNumber.ERROR,
                severity_text="ERROR",
                body={"order": "4711", "lines": [1, 2.5]},
                event_name="exception",
                attributes={"exception.type": "Timeout"},
            )
        logger.emit(body="starting")  # belongs to no span
        meters.get_meter("shop").create_counter("orders").add(1)
        for provider in (tracing, logs_of, meters):
            assert provider.force_flush()
            provider.shutdown()
    assert caplog.records == []
    names = [n for batch in stored for n in batch.spans["name"].to_pylist()]
    (record,) = [row for batch in stored for row in batch.logs.to_pylist()]
    assert names == ["charge card"]
    assert record["span_id"] == current.get_span_context().span_id
    assert record["trace_id"].int == current.get_span_context().trace_id
    assert (record["severity"], record["severity_text"]) == (17, "ERROR")
    assert (record["event_name"], record["body"]) == (
        "exception",
        '{"order":"4711","lines":[1,2.5]}',
    )
    counts = receivers.counters.now()
    assert counts.rejected["logs", "unrelated"] == 1
    assert counts.rejected["metrics", "metric"] > 0
    assert {result for _, result in counts.requests} == {"ok"}


# -- files, the store, and what people see --------------------------------------------------------


def mixed(path: Path) -> Path:
    """A file of traces, logs and metrics in turn, as one exporter of a Collector writes it."""
    later = otlp_logs.request(log("late", span_id=bytes(7) + b"\1"), log("none", span_id=b""))
    lines = [
        otlp_logs.to_json(otlp_logs.request(log("early", event_name="order.paid"))),
        json.dumps(otlp.to_json(otlp.request(span("charge")))).encode(),
        json.dumps(otlp.to_json(metrics())).encode(),
        otlp_logs.to_json(later),
    ]
    path.write_bytes(b"\n".join(lines))
    return path


@pytest.mark.parametrize("served", [False, True])
def test_a_file_of_all_signals(tmp_path: Path, served: bool) -> None:
    source, db = mixed(tmp_path / "all.jsonl"), tmp_path / "db"

    def work() -> None:
        result = RUNNER.invoke(app, ["import", "--db", str(db), str(source)])
        assert result.exit_code == 0, result.output
        assert "1 span and 2 log records of 3 requests" in result.output
        assert "1 log record of no span left out" in result.output
        assert "1 request of metrics left out" in result.output
        for name, format_ in (("a.jsonl", "otlp"), ("a.binpb", "otlp-proto")):
            args = ["export", "--db", str(db), "-f", format_, "--out", str(tmp_path / name)]
            assert RUNNER.invoke(app, args).exit_code == 0

    if served:
        Store.open(db).close()
        with front.serving(db):
            work()
    else:
        work()
    for name in ("a.jsonl", "a.binpb"):
        found = list(files.read(tmp_path / name))
        assert [n for b in found for n in b.spans["name"].to_pylist()] == ["charge"]
        assert [b for batch in found for b in batch.logs["body"].to_pylist()] == ["early", "late"]


def test_the_api_of_a_server_takes_logs(tmp_path: Path) -> None:
    db = tmp_path / "db"
    with front.serving(db):
        transport = httpx.HTTPTransport(uds=str(socket_path(db)))
        with httpx.Client(transport=transport, base_url="http://tracemap", timeout=60) as http:
            content = otlp_logs.to_json(otlp_logs.request(log(), log(span_id=b"")))
            answer = http.post("/v1/import", content=content, headers=JSON)
            told = {"batches": [1], "spans": 0, "logs": 1, "rejected": 0, "reasons": []}
            assert answer.json() == told


def test_log_records_stand_beside_the_span_events(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        at = 1_750_000_000_000_000_000
        sent = otlp_logs.request(
            log("paid", time_unix_nano=at + 1, severity_number=9, event_name="order.paid"),
            log("", body=AnyValue(int_value=5), observed_time_unix_nano=at + 2, severity_text="W"),
            log("of a span that never came", span_id=bytes(7) + b"\1", time_unix_nano=at + 3),
        )
        for observed in (at + 2, at + 2, at + 9):  # an exporter that tries again
            sent.resource_logs[0].scope_logs[0].log_records[0].observed_time_unix_nano = observed
            store.write([logs.decode([sent.SerializeToString()])])
        event = Span.Event(name="e", time_unix_nano=at)
        traced = otlp.request(span(start_time_unix_nano=at, end_time_unix_nano=at, events=[event]))
        store.write([decode.decode([traced.SerializeToString()])])
        pipeline.refresh(store)
        found = store.cursor().execute(
            "SELECT source, name, severity, body, span_id, epoch_ns(time) - $at"
            " FROM events ORDER BY time",
            {"at": at},
        )
        mine = otlp.SPAN.hex()
        assert found.fetchall() == [
            ("event", "e", None, None, mine, 0),
            ("log", "order.paid", "INFO", "paid", mine, 1),
            ("log", None, "W", "5", mine, 2),
            ("log", None, None, "of a span that never came", "0000000000000001", 3),
        ]


def test_logs_of_one_execution_are_exported_with_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        for number in range(1, 4):
            ids: dict[str, Any] = {"trace_id": number.to_bytes(16), "span_id": number.to_bytes(8)}
            key = [attribute("order.id", string_value=f"order-{number}")]
            store.write(
                [
                    decode.decode([otlp.body(span(attributes=key, **ids))]),
                    logs.decode([otlp_logs.body(log(f"of {number}", **ids))]),
                    logs.decode([otlp_logs.body(log("open", **ids | {"span_id": b"8 bytes."}))]),
                ]
            )
        pipeline.refresh(store)
        name = store.cursor().execute("SELECT max(execution) FROM executions").fetchone()
        assert name is not None
        found = list(export.batches(store, name[0]))
    bodies = [body for batch in found for body in batch.logs["body"].to_pylist()]
    assert bodies == ["of 3", "open"]


def test_logs_are_deleted_with_their_spans_and_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, now = 86_400 * 10**9, [1_750_000_000 * 10**9]
    monkeypatch.setattr("tracemap.store.time.time_ns", lambda: now[0])
    with Store.open(tmp_path / "db") as store:
        for number in range(1, 11):
            ids: dict[str, Any] = {"trace_id": number.to_bytes(16), "span_id": number.to_bytes(8)}
            times: dict[str, Any] = {"start_time_unix_nano": now[0], "end_time_unix_nano": now[0]}
            told = [log(str(number), **ids), log("alone", trace_id=bytes([number]) * 16)]
            store.write(
                [
                    logs.decode([otlp_logs.body(*told)]),
                    decode.decode([otlp.body(span(**ids, **times))]),
                ]
            )
            now[0] += day
        pipeline.refresh(store, now_ns=now[0])
        deleted = retention.by_age(store, now[0] - 4 * day)
        assert (deleted.spans, deleted.logs) == (6, 12)
        left = store.cursor().execute("SELECT body FROM store.log ORDER BY batch_id, log_no")
        assert [row[0] for row in left.fetchall()] == [
            word for number in range(7, 11) for word in (str(number), "alone")
        ]
        assert store.missing_rows() == []
        retention.tidy(store)
        lost = "SELECT count(*) FROM store.log ANTI JOIN store.{0} USING ({0}_id)"
        for name in ("shape", "resource", "scope"):
            assert store.cursor().execute(lost.format(name)).fetchone() == (0,)
        pipeline.refresh(store, now_ns=now[0])
        rest = retention.by_age(store, now[0] + 1, level=2)
        assert (rest.spans, rest.logs) == (4, 8)
        assert store.cursor().execute("SELECT count(*) FROM store.log").fetchone() == (0,)


def test_lost_log_records_are_counted(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        store.write([logs.decode([otlp_logs.body(log(), log(), log())])])
        store.cursor().execute("DELETE FROM store.log WHERE log_no = 1")
        assert store.missing_rows() == [(1, 3, 2)]
