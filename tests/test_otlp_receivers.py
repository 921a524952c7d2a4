"""The receivers as clients see them: real sockets, both protocols, and all that goes wrong."""

from __future__ import annotations

import errno
import gzip
import http.client
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import http2
import httpx
import otlp_requests as otlp
import pyarrow as pa
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from otlp_requests import body, request, span

from tracemap import pipeline
from tracemap.batch import SpanBatch
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.receivers import Address, Receivers
from tracemap.errors import BusyError, InputError, ServerError, StoreError
from tracemap.store import Store

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
WAIT = 30  # seconds; only a failing test waits so long


@dataclass
class Sink:
    """Stands for the store: remembers, fails or waits as told."""

    batches: list[SpanBatch] = field(default_factory=list)
    error: Exception | None = None
    hold: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)

    def __call__(self, batches: Sequence[SpanBatch]) -> None:
        self.entered.set()
        if self.hold is not None:
            assert self.hold.wait(WAIT)
        if self.error is not None:
            raise self.error
        self.batches.extend(batches)

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch.spans["name"].to_pylist()]


@dataclass
class Collector:
    """Running receivers and clients of them."""

    receivers: Receivers
    sink: Sink
    http: httpx.Client
    channel: Any

    def post(
        self, content: bytes | Iterator[bytes], kind: str = PROTOBUF, **headers: str
    ) -> httpx.Response:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.http.post("/v1/traces", content=content, headers={"content-type": kind} | named)

    def export(self, message: bytes, **options: Any) -> ExportTraceServiceResponse:
        call = self.channel.unary_unary(EXPORT)
        return ExportTraceServiceResponse.FromString(call(message, timeout=WAIT, **options))

    def export_fails(self, message: bytes, **options: Any) -> Any:
        with pytest.raises(grpc.RpcError) as caught:
            self.export(message, **options)
        return caught.value


@pytest.fixture
def start() -> Iterator[Callable[..., Collector]]:
    """Start receivers on free ports; all are stopped at the end."""
    running: list[Collector] = []

    def run(sink: Sink | None = None, **limits: Any) -> Collector:
        sink = sink or Sink()
        receivers = Receivers(sink, grpc="127.0.0.1:0", http="127.0.0.1:0", limits=Limits(**limits))
        receivers.start()
        channel = grpc.insecure_channel(
            str(receivers.grpc), options=[("grpc.max_send_message_length", -1)]
        )
        client = httpx.Client(base_url=f"http://{receivers.http}", timeout=WAIT, trust_env=False)
        running.append(Collector(receivers, sink, client, channel))
        return running[-1]

    yield run
    for one in running:
        one.http.close()
        one.channel.close()
        one.receivers.stop()


@pytest.fixture
def collector(start: Callable[..., Collector]) -> Collector:
    return start()


def status_of(answer: httpx.Response) -> Status:
    """The google.rpc.Status of an error, in whichever encoding it came."""
    if answer.headers["content-type"] == JSON:
        found = answer.json()
        return Status(code=found["code"], message=found["message"])
    assert answer.headers["content-type"] == PROTOBUF
    return Status.FromString(answer.content)


# -- what succeeds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        (None, lambda data: data),
        ("identity", lambda data: data),
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("zstd", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_http_takes_every_encoding(
    collector: Collector, kind: str, encoding: str | None, encode: Callable[[bytes], bytes]
) -> None:
    message = request(span("charge card"))
    plain = message.SerializeToString()
    if kind == JSON:
        plain = json.dumps(otlp.to_json(message)).encode()
    headers = {} if encoding is None else {"content_encoding": encoding}
    answer = collector.post(encode(plain), kind, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.content == (b"{}" if kind == JSON else b"")
    assert collector.sink.names == ["charge card"]


@pytest.mark.parametrize(
    ("kind", "answered"),
    [
        ("Application/X-Protobuf; charset=utf-8", PROTOBUF),
        ("application/x-protobuf;proto=x", PROTOBUF),
        ("APPLICATION/JSON", JSON),
        ("application/json ; charset=UTF-8", JSON),
    ],
)
def test_content_types_in_any_case_and_with_parameters(
    collector: Collector, kind: str, answered: str
) -> None:
    answer = collector.post(b"{}" if answered == JSON else b"", kind)
    assert (answer.status_code, answer.headers["content-type"]) == (200, answered)


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_grpc_takes_every_compression(collector: Collector, compression: Any) -> None:
    answer = collector.export(body(span("a"), span("b")), compression=compression)
    assert answer == ExportTraceServiceResponse()
    assert collector.sink.names == ["a", "b"]


@pytest.mark.parametrize(
    ("encoding", "encode", "status"),
    [
        (None, lambda data: data, 0),
        ("gzip", gzip.compress, 0),
        ("deflate", zlib.compress, 0),
        # gRPC's own library ends the call before tracemap sees it: INTERNAL.
        ("zstd", lambda data: pa.compress(data, "zstd", asbytes=True), 13),
        ("br", lambda data: data, 13),
        ("gzip", lambda data: b"no gzip" + data, 13),
    ],
)
def test_grpc_on_the_wire(
    collector: Collector, encoding: str | None, encode: Callable[[bytes], bytes], status: int
) -> None:
    assert collector.receivers.grpc is not None
    port = collector.receivers.grpc.port
    assert http2.call(port, EXPORT, encode(body(span("a"))), encoding) == status
    assert collector.sink.names == ([] if status else ["a"])
    assert http2.call(port, EXPORT, body(span("b"))) == 0, "and it goes on"


def test_empty_requests_succeed(collector: Collector) -> None:
    assert collector.post(b"").content == b""
    assert collector.post(b"{}", JSON).content == b"{}"
    assert collector.export(b"") == ExportTraceServiceResponse()
    assert collector.sink.batches == []


def test_bad_spans_are_rejected_and_the_rest_is_stored(collector: Collector) -> None:
    message = request(span("good"), span("bad", span_id=b"abc"))
    why = 'span 2 of 2 ("bad"): the span id has 3 bytes instead of 8'

    answer = ExportTraceServiceResponse.FromString(
        collector.post(message.SerializeToString()).content
    )
    assert answer.partial_success.rejected_spans == 1
    assert answer.partial_success.error_message == why
    assert collector.export(message.SerializeToString()) == answer
    as_json = collector.post(json.dumps(otlp.to_json(message)).encode(), JSON)
    assert as_json.json() == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": why}}
    assert collector.sink.names == ["good"] * 3


def test_a_lost_link_is_a_warning_without_rejected_spans(collector: Collector) -> None:
    answer = collector.export(body(span("linked", links=[{"trace_id": otlp.TRACE}])))
    assert answer.partial_success.rejected_spans == 0
    assert "link 1 is left out" in answer.partial_success.error_message


def test_success_is_sent_after_the_commit_and_not_before(start: Callable[..., Collector]) -> None:
    hold = threading.Event()
    collector = start(Sink(hold=hold))
    answers: list[Any] = []
    senders = [
        threading.Thread(target=lambda: answers.append(collector.post(body(span("http"))))),
        threading.Thread(target=lambda: answers.append(collector.export(body(span("grpc"))))),
    ]
    for sender in senders:
        sender.start()
    assert collector.sink.entered.wait(WAIT)
    senders[0].join(0.2)
    assert answers == []
    hold.set()
    for sender in senders:
        sender.join(WAIT)
    assert len(answers) == 2
    assert sorted(collector.sink.names) == ["grpc", "http"]


def test_what_is_answered_is_in_the_store(tmp_path: Path) -> None:
    with Store.open(tmp_path / "tracemap.duckdb") as store:
        with Receivers(store.write, grpc="127.0.0.1:0", http="127.0.0.1:0") as receivers:
            one = span("charge card", attributes=[otlp.attribute("order.id", string_value="4711")])
            answer = httpx.post(
                f"http://{receivers.http}/v1/traces",
                content=body(one),
                headers={"content-type": PROTOBUF},
                trust_env=False,
            )
            assert answer.status_code == 200
        pipeline.refresh(store)
        found = store.cursor().execute(
            "SELECT trace_id, span_id, service, name, attributes::VARCHAR FROM spans"
        )
        assert found.fetchall() == [
            (otlp.TRACE.hex(), otlp.SPAN.hex(), "shop", "charge card", '{"order.id":"4711"}')
        ]


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "headers", "status", "message"),
    [
        (b"hello world", PROTOBUF, {}, 400, "this is not an OTLP trace request ("),
        (body(span())[:-3], PROTOBUF, {}, 400, "this is not an OTLP trace request ("),
        (b"hello world", JSON, {}, 400, "this is not JSON ("),
        (b'{"resourceLogs":[]}', JSON, {}, 400, "this holds logs, not traces"),
        (
            b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":"many"}]}]}]}',
            JSON,
            {},
            400,
            'this is not OTLP/JSON: resourceSpans[0].scopeSpans[0].spans[0].flags: "many" stands',
        ),
        (body(span()), PROTOBUF, {"content_encoding": "gzip"}, 400, "the body is not gzip ("),
        (
            gzip.compress(body(span()), mtime=0)[:-9],
            PROTOBUF,
            {"content_encoding": "gzip"},
            400,
            "the gzip body is cut off",
        ),
        (
            zlib.compress(body(span()))[:-5],
            PROTOBUF,
            {"content_encoding": "deflate"},
            400,
            "the deflate body is cut off",
        ),
        (
            pa.compress(body(span()), "zstd", asbytes=True)[:-5],
            PROTOBUF,
            {"content_encoding": "zstd"},
            400,
            "the body is not zstd, or cut off",
        ),
        (b"x", PROTOBUF, {"content_encoding": "br"}, 415, "content encoding br is not taken"),
        (b"x", "text/plain", {}, 415, "content type text/plain is not taken; send application/x-"),
        (b"x", "", {}, 415, "a body without content type is not taken"),
    ],
)
def test_bad_requests_over_http(
    collector: Collector,
    content: bytes,
    kind: str,
    headers: dict[str, str],
    status: int,
    message: str,
) -> None:
    answer = collector.post(content, kind, **headers)
    assert answer.status_code == status
    found = status_of(answer)
    assert found.code == 3  # INVALID_ARGUMENT
    assert found.message.startswith(message)
    assert "\n" not in found.message
    assert answer.headers["content-type"] == (JSON if kind == JSON else PROTOBUF)
    assert collector.sink.batches == []
    assert collector.post(body(span("after"))).status_code == 200, "and it goes on"


def test_other_methods_and_paths(collector: Collector) -> None:
    answer = collector.http.get("/v1/traces")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    for path in ("/v1development/profiles", "/v1/trace", "/"):
        answer = collector.http.post(path, content=b"", headers={"content-type": JSON})
        assert answer.status_code == 404
        assert answer.json() == {
            "code": 5,
            "message": "tracemap takes traces at /v1/traces, logs at /v1/logs,"
            " metrics at /v1/metrics and nothing else",
        }


@pytest.mark.parametrize("content", [b"hello world", body(span())[:-3]])
def test_bad_requests_over_grpc(collector: Collector, content: bytes) -> None:
    error = collector.export_fails(content)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().startswith("this is not an OTLP trace request (")
    assert collector.sink.batches == []
    for service in ("x.Service", "profiles.v1development.ProfilesService"):
        unknown = collector.channel.unary_unary(f"/opentelemetry.proto.collector.{service}/Export")
        with pytest.raises(grpc.RpcError) as caught:
            unknown(b"", timeout=WAIT)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


HUNDRED_MB = 100_000_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_megabytes_are_refused_and_not_held(collector: Collector, chunked: bool) -> None:
    piece = bytes(1_000_000)
    pieces = (piece for _ in range(HUNDRED_MB // len(piece)))
    before = collector.post(b"").status_code
    headers = {} if chunked else {"content_length": str(HUNDRED_MB)}
    answer = collector.post(pieces, **headers)
    assert (before, answer.status_code) == (200, 413)
    assert "the limit is 20971520 (send it in smaller requests)" in status_of(answer).message


def test_a_hundred_megabytes_over_grpc(collector: Collector) -> None:
    error = collector.export_fails(bytes(HUNDRED_MB))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in error.details()


def test_a_gzip_bomb_is_refused_while_it_grows(start: Callable[..., Collector]) -> None:
    collector = start(decoded_body=1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    answer = collector.post(bomb, content_encoding="gzip")
    assert answer.status_code == 413
    assert "larger than 1000000 bytes when decompressed" in status_of(answer).message
    error = collector.export_fails(bytes(50_000_000), compression=grpc.Compression.Gzip)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_may_decompress_to_exactly_the_limit(
    start: Callable[..., Collector], encoding: str
) -> None:
    plain = body(span("x" * 100_000))
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "zstd": pa.compress(plain, "zstd", asbytes=True),
    }[encoding]
    fits, too_large = start(decoded_body=len(plain)), start(decoded_body=len(plain) - 1)
    assert fits.post(packed, content_encoding=encoding).status_code == 200
    assert too_large.post(packed, content_encoding=encoding).status_code == 413


def test_deep_json_through_the_whole_server(collector: Collector) -> None:
    item: Any = {"stringValue": "deep"}
    for _ in range(64):
        item = {"kvlistValue": {"values": [{"key": "k", "value": item}]}}
    message = otlp.to_json(request(span("deep")))
    one = message["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    one["attributes"] = [{"key": "k", "value": item}]
    assert collector.post(json.dumps(message).encode(), JSON).status_code == 200
    assert collector.sink.names == ["deep"]


def test_a_body_that_does_not_arrive_is_not_waited_for(start: Callable[..., Collector]) -> None:
    collector = start(body_seconds=0.2)
    address = collector.receivers.http
    assert address is not None
    connection = http.client.HTTPConnection(address.host, address.port, timeout=WAIT)
    connection.putrequest("POST", "/v1/traces")
    connection.putheader("content-type", PROTOBUF)
    connection.putheader("content-length", "100")
    connection.endheaders(b"\x0a")
    answer = connection.getresponse()
    assert answer.status == 408
    assert Status.FromString(answer.read()).message == "the body did not arrive within 0.2 seconds"
    connection.close()


def test_a_client_that_leaves_halfway_harms_nobody(collector: Collector) -> None:
    address = collector.receivers.http
    assert address is not None
    with socket.create_connection((address.host, address.port)) as raw:
        head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\n"
        raw.sendall(f"{head}content-length: 100\r\n\r\nabc".encode())
    assert collector.post(body(span("after"))).status_code == 200
    assert collector.sink.names == ["after"]


# -- what the store says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (StoreError("the disk is full"), 503, grpc.StatusCode.UNAVAILABLE, True),
        (BusyError("too much is waiting"), 429, grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        (ValueError("our own mistake"), 500, grpc.StatusCode.INTERNAL, False),
    ],
)
def test_errors_of_the_store(
    start: Callable[..., Collector],
    error: Exception,
    status: int,
    code: grpc.StatusCode,
    retry: bool,
) -> None:
    collector = start(Sink(error=error))
    answer = collector.post(body(span()))
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) is retry
    failure = collector.export_fails(body(span()))
    assert failure.code() is code
    details = dict(failure.trailing_metadata())["grpc-status-details-bin"]
    for found in (status_of(answer), Status.FromString(details)):
        assert found.code == code.value[0]
        assert ("our own mistake" in found.message) is False, "what we did not expect stays inside"
        assert len(found.details) == retry
        if retry:
            info = RetryInfo()
            assert found.details[0].Unpack(info)
            assert info.retry_delay.seconds == 1
    collector.sink.error = None
    assert collector.post(body(span("after"))).status_code == 200, "and it recovers by itself"


def test_stopping_finishes_what_is_in_flight(start: Callable[..., Collector]) -> None:
    hold = threading.Event()
    collector = start(Sink(hold=hold))
    answers: list[Any] = []
    senders = [
        threading.Thread(target=lambda: answers.append(collector.post(body(span("http"))))),
        threading.Thread(target=lambda: answers.append(collector.export(body(span("grpc"))))),
    ]
    for sender in senders:
        sender.start()
    assert collector.sink.entered.wait(WAIT)
    for _ in range(WAIT * 100):  # until both are waiting for a commit
        if collector.receivers.waiting == 2:
            break
        threading.Event().wait(0.01)
    stopper = threading.Thread(target=collector.receivers.stop)
    stopper.start()
    stopper.join(0.2)
    assert stopper.is_alive()
    hold.set()
    stopper.join(WAIT)
    for sender in senders:
        sender.join(WAIT)
    assert len(answers) == 2
    assert sorted(collector.sink.names) == ["grpc", "http"]


# -- where it listens -----------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_port_in_use_is_one_sentence(collector: Collector, protocol: str) -> None:
    taken = getattr(collector.receivers, protocol)
    wanted = {"grpc": "127.0.0.1:0", "http": "127.0.0.1:0"} | {protocol: str(taken)}
    other = Receivers(Sink(), grpc=wanted["grpc"], http=wanted["http"])
    with pytest.raises(ServerError) as caught:
        other.start()
    assert str(caught.value) == (
        f"port {taken.port} on 127.0.0.1 is in use"
        f" (stop what listens there, or choose another with --{protocol} HOST:PORT)"
    )
    assert (other.grpc, other.http) == (None, None)
    assert collector.post(body(span("still"))).status_code == 200


def test_addresses_that_are_none() -> None:
    with pytest.raises(InputError, match="write it as HOST:PORT"):
        Receivers(Sink(), http="4318")
    with pytest.raises(InputError, match="write it as HOST:PORT"):
        Receivers(Sink(), grpc="127.0.0.1:99999")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EACCES, "port 80 on 127.0.0.1 is not allowed to this user (take a port above"),
        (errno.EADDRNOTAVAIL, "cannot listen on 127.0.0.1:80: no such address (check it"),
    ],
)
def test_other_reasons_not_to_listen(
    monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def bind(*_: object) -> None:
        raise OSError(number, "no such address")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ServerError) as caught:
        Receivers(Sink(), http="127.0.0.1:80", grpc=None).start()
    assert str(caught.value).startswith(why)


def test_addresses() -> None:
    assert Address.parse("[::1]:4317") == Address("::1", 4317)
    assert str(Address("::1", 4317)) == "[::1]:4317"
    assert str(Address.parse("127.0.0.1:0")) == "127.0.0.1:0"


def test_only_loopback_unless_told_otherwise() -> None:
    wanted = Receivers(Sink()).wanted
    assert [str(address) for address in wanted] == ["127.0.0.1:4317", "127.0.0.1:4318"]


def test_either_receiver_may_be_left_out() -> None:
    with Receivers(Sink(), grpc=None, http="127.0.0.1:0") as receivers:
        assert (receivers.grpc, receivers.http is None) == (None, False)
    with Receivers(Sink(), grpc="127.0.0.1:0", http=None) as receivers:
        assert (receivers.http, receivers.grpc is None) == (None, False)
