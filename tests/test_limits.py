"""Every limit of the receivers: it holds over gRPC and HTTP, and what is within it passes."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import httpx
import otlp_requests as otlp
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from hypothesis import given, settings
from load.senders import GrpcSender, HttpSender, RefusedError
from load.serving import Served, serving
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_requests import attribute, body, field, span

from tracemap.batch import SpanBatch
from tracemap.collectors.otlp import counting
from tracemap.collectors.otlp.limits import BOUNDS, DEFAULT_LIMITS, MIB, Limits, with_values
from tracemap.collectors.otlp.receivers import Receivers
from tracemap.errors import InputError, TooLargeError

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = "application/x-protobuf"
WAIT = 30.0  # seconds; only a failing test waits so long

Sink = Callable[[Sequence[SpanBatch]], None]


def forget(_: Sequence[SpanBatch]) -> None:
    """Stores nothing."""


@contextlib.contextmanager
def receiving(sink: Sink = forget, **limits: Any) -> Iterator[Receivers]:
    given = Limits(**limits)
    with Receivers(sink, grpc="127.0.0.1:0", http="127.0.0.1:0", limits=given) as receivers:
        yield receivers


@contextlib.contextmanager
def channel_to(receivers: Receivers) -> Iterator[Any]:
    """A connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(str(receivers.grpc), options=options) as channel:
        yield channel


def over_http(
    receivers: Receivers, message: bytes, **headers: str
) -> tuple[int, ExportTraceServiceResponse | Status]:
    """HTTP status, and what was answered."""
    named = {"content-type": PROTOBUF} | {k.replace("_", "-"): v for k, v in headers.items()}
    url = f"http://{receivers.http}/v1/traces"
    answer = httpx.post(url, content=message, headers=named, trust_env=False, timeout=WAIT)
    kind = ExportTraceServiceResponse if answer.status_code == 200 else Status
    return answer.status_code, kind.FromString(answer.content)


def over_grpc(
    receivers: Receivers, message: bytes, **options: Any
) -> tuple[grpc.StatusCode, ExportTraceServiceResponse | str]:
    """GRPC status, and what was answered."""
    with channel_to(receivers) as channel:
        try:
            answer = channel.unary_unary(EXPORT)(message, timeout=WAIT, **options)
        except grpc.RpcError as error:
            return error.code(), error.details()
    return grpc.StatusCode.OK, ExportTraceServiceResponse.FromString(answer)


# --- what stands in a request ---------------------------------------------------------------------


def _nested(depth: int) -> bytes:
    return otlp.raw_body(
        span().SerializeToString()
        + field(9, otlp.deep_attribute("k", depth, AnyValue(string_value="x")))
    )


def _many(count: int) -> Span:
    array = ArrayValue(values=[AnyValue(int_value=n) for n in range(count)])
    return span(attributes=[attribute("k", array_value=array)])


#: limit: (what it is set to, the largest request within it, the smallest beyond it). Beyond, the
#: request is refused.
REFUSED: dict[str, tuple[int, bytes, bytes]] = {
    "body": (20_000, body(span("x" * 19_900)), body(span("x" * 20_000))),
    "items": (4, body(span(events=[Span.Event()])), body(span(events=[Span.Event()] * 2))),
    "resources": (2, field(1, b"") + body(span()), field(1, b"") * 2 + body(span())),
    "scopes": (1, body(span()), body(span()) + body(span())),
    "spans": (2, body(span(), span()), body(span(), span(), span())),
    "events": (1, body(span(events=[Span.Event()])), body(span(events=[Span.Event()] * 2))),
    "links": (
        1,
        body(span(links=[Span.Link(trace_id=otlp.TRACE, span_id=otlp.SPAN)])),
        body(span(links=[Span.Link(trace_id=otlp.TRACE, span_id=otlp.SPAN)] * 2)),
    ),
    "attributes": (
        2,
        body(span(attributes=[attribute("a")], events=[Span.Event(attributes=[attribute("b")])])),
        body(
            span(attributes=[attribute("a")], events=[Span.Event(attributes=[attribute("b")] * 2)])
        ),
    ),
    "resource": (
        100,
        otlp.request(span(), service="x" * 60).SerializeToString(),
        otlp.request(span(), service="x" * 99).SerializeToString(),
    ),
}

#: The same for those beyond which a span is rejected and the rest of the request is kept; and what
#: is said of it.
REJECTED: dict[str, tuple[int, bytes, bytes, str]] = {
    "name_length": (
        10,
        body(span("x" * 10, attributes=[attribute("k" * 10)], events=[{"name": "e" * 10}])),
        body(span("x" * 11)),
        "the name has 11 bytes, more than 10",
    ),
    "attribute_length": (
        10,
        body(span(attributes=[attribute("k", string_value="v" * 10)])),
        body(span(attributes=[attribute("k", string_value="v" * 11)])),
        'attribute "k" has 11 bytes, more than 10',
    ),
    "nesting": (5, _nested(5), _nested(6), 'attribute "k" nests deeper than 5 levels'),
    "nested_values": (
        5,
        body(_many(5)),
        body(_many(6)),
        'attribute "k" holds more than 5 values',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_beyond_it_is_refused_and_one_within_is_not(name: str) -> None:
    most, within, beyond = REFUSED[name]
    limit: Any = {name: most}
    with receiving(**limit) as receivers:
        assert over_http(receivers, within)[0] == 200
        assert over_grpc(receivers, within)[0] is grpc.StatusCode.OK
        status, answer = over_http(receivers, beyond)
        assert status == 413, answer
        assert isinstance(answer, Status)
        assert answer.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert str(most) in answer.message
        code, said = over_grpc(receivers, beyond)
        if name == "body":  # gRPC itself says so
            assert (code, "larger than max" in str(said)) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                True,
            )
        else:
            assert (code, said) == (grpc.StatusCode.INVALID_ARGUMENT, answer.message)


@pytest.mark.parametrize("name", REJECTED)
def test_a_span_beyond_it_is_rejected_and_the_others_are_kept(name: str) -> None:
    most, within, beyond, why = REJECTED[name]
    good = span("good").SerializeToString()
    beyond += otlp.raw_body(good)
    stored: list[SpanBatch] = []
    limit: Any = {name: most}
    with receiving(stored.extend, **limit) as receivers:
        for _, answer in (over_http(receivers, within), over_grpc(receivers, within)):
            assert answer == ExportTraceServiceResponse()
        stored.clear()
        for _, answer in (over_http(receivers, beyond), over_grpc(receivers, beyond)):
            assert isinstance(answer, ExportTraceServiceResponse)
            assert answer.partial_success.rejected_spans == 1
            assert answer.partial_success.error_message.endswith(why)
    assert [batch.spans["name"].to_pylist() for batch in stored] == [["good"]] * 2


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (
            body(span("s", events=[{"name": "n"}, {"name": "e" * 11}])),
            "event 2 has a name of 11 bytes",
        ),
        (
            body(span("s", attributes=[attribute("k" * 11)])),
            'attribute "kkkkkkkkkkk" has a name of 11',
        ),
        (
            body(span("s", links=[Span.Link(attributes=[attribute("k" * 11)])])),
            'attribute "kkkkkkkkkkk" has a name of 11 bytes, more than 10',
        ),
    ],
    ids=["event", "attribute", "of a link"],
)
def test_names_of_every_kind(message: bytes, why: str) -> None:
    with receiving(name_length=10) as receivers:
        answer = over_grpc(receivers, message)[1]
        assert isinstance(answer, ExportTraceServiceResponse)
        assert why in answer.partial_success.error_message


@pytest.mark.parametrize(
    "fields", [{"trace_state": "a=" + "b" * 9}, {"status": {"message": "m" * 11}}]
)
def test_other_texts_are_as_long_as_an_attribute_may_be(fields: dict[str, Any]) -> None:
    with receiving(attribute_length=10) as receivers:
        answer = over_grpc(receivers, body(span(**fields)))[1]
        assert isinstance(answer, ExportTraceServiceResponse)
        assert "has 11 bytes, more than 10" in answer.partial_success.error_message


def test_reasons() -> None:
    wrong = body(*[span(span_id=b"x")] * 5)
    with receiving(reasons=2) as receivers:
        for _, answer in (over_http(receivers, wrong), over_grpc(receivers, wrong)):
            assert isinstance(answer, ExportTraceServiceResponse)
            assert answer.partial_success.rejected_spans == 5
            assert answer.partial_success.error_message.count("has 1 bytes") == 2
            assert answer.partial_success.error_message.endswith("; and 3 more spans")


def test_json_marks() -> None:
    one = json.dumps(otlp.to_json(otlp.request(span())))
    marks = sum(map(one.count, "{[,"))
    for most, status in ((marks, 200), (marks - 1, 413)):
        with receiving(json_marks=most) as receivers:
            url = f"http://{receivers.http}/v1/traces"
            headers = {"content-type": "application/json"}
            answer = httpx.post(url, content=one, headers=headers, trust_env=False)
            assert answer.status_code == status


def test_decoded_body() -> None:
    plain = body(span("x" * 100_000))
    for most, status in ((len(plain), 200), (len(plain) - 1, 413)):
        with receiving(decoded_body=most) as receivers:
            packed = gzip.compress(plain)
            assert over_http(receivers, packed, content_encoding="gzip")[0] == status


# --- all of them at one moment --------------------------------------------------------------------


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_header_bytes(pause: float) -> None:
    """In one piece they are seen whole, in several as they grow."""
    with receiving(header_bytes=4096) as receivers:
        host, port = str(receivers.http).split(":")
        for size, statuses, code in (
            (3000, {200}, grpc.StatusCode.OK),
            (5000, {400, 431}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ):
            with socket.create_connection((host, int(port)), timeout=WAIT) as client:
                client.sendall(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-large: " + b"x" * size)
                time.sleep(pause)
                with contextlib.suppress(OSError):  # it may be answered, and closed, by now
                    client.sendall(
                        f"\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 0\r\n\r\n".encode()
                    )
                assert int(client.recv(1000).split()[1]) in statuses
            assert over_grpc(receivers, b"", metadata=(("x-large", "x" * size),))[0] is code


def test_connections() -> None:
    with receiving(connections=2) as receivers, contextlib.ExitStack() as held:
        host, port = str(receivers.http).split(":")
        for _ in range(2):
            held.enter_context(socket.create_connection((host, int(port))))
            export = held.enter_context(channel_to(receivers)).unary_unary(EXPORT)
            export(b"", timeout=WAIT)
        with pytest.raises(httpx.TransportError):
            over_http(receivers, b"")
        assert over_grpc(receivers, b"")[0] is grpc.StatusCode.UNAVAILABLE  # it may come again


def test_head_seconds_and_idle_seconds() -> None:
    with receiving(head_seconds=0.2, idle_seconds=0.4) as receivers:
        for address in (receivers.http, receivers.grpc):
            host, port = str(address).split(":")
            with socket.create_connection((host, int(port)), timeout=WAIT) as silent:
                while silent.recv(1000):  # gRPC introduces itself first
                    pass
        with HttpSender(str(receivers.http)) as kept, channel_to(receivers) as channel:
            assert kept(b"") == b""
            assert channel.unary_unary(EXPORT)(b"", timeout=WAIT) == b""
            states: queue.Queue[grpc.ChannelConnectivity] = queue.Queue()
            channel.subscribe(states.put)
            while states.get(timeout=WAIT) is not grpc.ChannelConnectivity.IDLE:
                pass
            assert channel.unary_unary(EXPORT)(b"", timeout=WAIT) == b""  # as if nothing was
            sock = kept._connection.sock
            assert isinstance(sock, socket.socket)
            assert sock.recv(1) == b""


def _never(until: threading.Event) -> Iterator[bytes]:
    """A body that does not come."""
    until.wait()
    yield from ()


def test_body_seconds() -> None:
    done = threading.Event()
    with receiving(body_seconds=0.3) as receivers, channel_to(receivers) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(EXPORT)(_never(done), timeout=WAIT)
        done.set()
        assert caught.value.code() is grpc.StatusCode.CANCELLED


def test_bodies_that_do_not_come_do_not_keep_others_out() -> None:
    """More calls than there are threads, each without its body, and yet others are served."""
    done = threading.Event()
    with receiving(body_seconds=20.0) as receivers, channel_to(receivers) as channel:
        stuck = [channel.stream_unary(EXPORT).future(_never(done)) for _ in range(40)]
        with GrpcSender(str(receivers.grpc)) as send:
            assert send(body(span())) == b""
        # Not one by one as their whole time runs out: twenty seconds have not passed.
        assert not all(call.done() for call in stuck)
        done.set()
        for call in stuck:
            call.cancel()


def test_receiving() -> None:
    """Large bodies that arrive at the same moment, and do not fit."""
    with receiving(receiving=100_000) as receivers, contextlib.ExitStack() as held:
        host, port = str(receivers.http).split(":")
        head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\n"
        slow = [
            held.enter_context(socket.create_connection((host, int(port)), timeout=WAIT))
            for _ in range(3)
        ]
        for client in slow:
            client.sendall(f"{head}content-length: 90000\r\n\r\n".encode() + bytes(50_000))
        slow[2].sendall(bytes(10_000))
        answer = slow[2].recv(10_000)
        assert answer.startswith(b"HTTP/1.1 429")
        assert b"retry-after: 1" in answer


@pytest.mark.parametrize("limits", [{"waiting_requests": 1}, {"waiting_bytes": 100}])
def test_waiting(limits: dict[str, int]) -> None:
    go_on, entered = threading.Event(), threading.Event()

    def hold(_: Sequence[SpanBatch]) -> None:
        entered.set()
        assert go_on.wait(WAIT)

    one = body(span("x" * 60))
    with receiving(hold, **limits) as receivers:
        first = threading.Thread(target=over_http, args=(receivers, one))
        first.start()
        assert entered.wait(WAIT)
        status, answer = over_http(receivers, one)
        assert status == 429
        assert isinstance(answer, Status)
        assert answer.details[0].Is(RetryInfo.DESCRIPTOR)
        with channel_to(receivers) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(EXPORT)(one, timeout=WAIT)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        go_on.set()
        first.join(WAIT)
        assert over_http(receivers, one)[0] == 200


def test_grpc_calls() -> None:
    go_on, entered = threading.Event(), threading.Event()

    def hold(_: Sequence[SpanBatch]) -> None:
        entered.set()
        assert go_on.wait(WAIT)

    one = body(span())
    with receiving(hold, grpc_calls=1) as receivers:
        first = threading.Thread(target=over_grpc, args=(receivers, one))
        first.start()
        assert entered.wait(WAIT)
        assert over_grpc(receivers, one)[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
        go_on.set()
        first.join(WAIT)
        assert over_grpc(receivers, one)[0] is grpc.StatusCode.OK


def test_every_limit_is_tested_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    told = {name for name in BOUNDS if f"{name}=" in text or f'"{name}"' in text}
    assert told == set(BOUNDS)


# --- memory ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells what a process has held at most")
    db = tmp_path_factory.mktemp("memory") / "a.duckdb"
    with serving(db, "--limit", "items=200000") as found:
        _over_both(found, body(span()), gzip.compress(body(span())))  # what is loaded once
        yield found


#: 16 MiB of empty messages of each kind. When its limit is raised they cost 370 to 4,000 MiB.
EMPTY = {
    "spans": field(1, field(2, b"\x12\0" * (8 * MIB))),
    "events": otlp.raw_body(b"\x5a\0" * (8 * MIB)),
    "attributes": otlp.raw_body(b"\x4a\0" * (8 * MIB)),
    "resources": b"\x0a\0" * (8 * MIB),
}


def _grown(served: Served, work: Callable[[], object]) -> int:
    """Bytes of memory that the server held at most during ``work``, beyond what it held before."""
    Path(f"/proc/{served.process.pid}/clear_refs").write_text("5")  # the peak is now's
    before = served.memory()
    work()
    return served.memory() - before


def _over_both(served: Served, message: bytes, packed: bytes) -> None:
    with HttpSender(served.http) as http:
        for content, headers in ((b"", {}), (message, {}), (packed, {"content_encoding": "gzip"})):
            with contextlib.suppress(RefusedError):
                http(content, **headers)
    with grpc.insecure_channel(served.grpc) as channel, contextlib.suppress(grpc.RpcError):
        channel.unary_unary(EXPORT)(message, compression=grpc.Compression.Gzip, timeout=WAIT)


@pytest.mark.parametrize("kind", EMPTY)
def test_sixteen_mebibytes_of_empty_messages_cost_bounded_memory(served: Served, kind: str) -> None:
    message = EMPTY[kind]
    grown = _grown(served, lambda: _over_both(served, message, gzip.compress(message, 1)))
    assert grown < 250 * MIB


@pytest.mark.parametrize("members", [1, 100])
def test_a_gzip_of_a_thousand_to_one_costs_bounded_memory(served: Served, members: int) -> None:
    bomb = gzip.compress(bytes(150 * MIB // members), 9) * members
    assert len(bomb) < 0.2 * MIB
    grown = _grown(served, lambda: _over_both(served, bytes(100 * MIB), bomb))
    assert grown < 150 * MIB


#: Reads requests of 32 MiB that hold empty messages by the million, and prints how much memory each
#: took at most beyond itself, in MiB.
COUNTED = """
import re, sys
from pathlib import Path
import otlp_requests as otlp
from tracemap.collectors.otlp import decode, logs
from tracemap.collectors.otlp.limits import MIB, Limits
from tracemap.errors import TooLargeError

def held(name):
    status = Path("/proc/self/status").read_text()
    return int(re.search(name + r":\\s+(\\d+) kB", status)[1]) // 1024

def many(*path):
    body = bytes([path[-1] << 3 | 2, 0]) * (16 * MIB)
    for number in path[-2::-1]:
        body = otlp.field(number, body)
    return body

unknown = b"\\x78\\0" * (16 * MIB)
for reader, body in (
    (decode, many(1)), (decode, many(1, 2)), (decode, many(1, 2, 2)), (decode, many(1, 2, 2, 9)),
    (decode, many(1, 2, 2, 11)), (decode, many(1, 2, 2, 13)), (decode, many(1, 2, 2, 11, 3)),
    (decode, otlp.field(1, otlp.field(2, otlp.field(2, b"\\x5a\\0" * 5000) * 3000))),
    (logs, many(1, 2, 2)), (logs, many(1, 2, 2, 6)), (decode, unknown),
):
    Path("/proc/self/clear_refs").write_text("5")
    before = held("VmRSS")
    try:
        reader.decode([body], limits=Limits(items=100_000))
    except TooLargeError:
        print(held("VmHWM") - before)
    else:
        print("taken")
"""


def test_a_large_request_is_counted_in_little_memory() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells what a process has held at most")
    path = {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", COUNTED]
    ran = subprocess.run(
        command, check=False, env=os.environ | path, capture_output=True, text=True
    )
    grown = ran.stdout.split()
    assert len(grown) == 11, ran.stderr
    # Counted as a whole these cost 100 to 1,100 MiB (measured).
    assert all(int(one) < 64 for one in grown), grown


@settings(max_examples=40)
@given(otlp.requests())
def test_what_is_counted_in_pieces_is_what_is_there(message: Any) -> None:
    raw = message.SerializeToString()
    spans = [
        span
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    children = [child for span in spans for child in (*span.events, *span.links)]
    there = {
        "resources": len(message.resource_spans),
        "scopes": sum(len(r.scope_spans) for r in message.resource_spans),
        "spans": len(spans),
        "events": sum(len(span.events) for span in spans),
        "links": sum(len(span.links) for span in spans),
        "attributes": sum(len(part.attributes) for part in (*spans, *children)),
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(counting, "WHOLE", 0)
        patched.setattr(counting, "PIECE", 40)
        counting.bound(raw, with_values(Limits(), {name: n for name, n in there.items() if n}))
        there["items"] = sum(there.values())
        for name, count in there.items():
            if count > 1:
                with pytest.raises(TooLargeError, match=f"more than {count - 1}$|{count - 1} "):
                    counting.bound(raw, with_values(Limits(), {name: count - 1}))


# --- how they are set -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("body", "30MiB", 30 * MIB),
        ("body", "30 mb", 30_000_000),
        ("body", 5000, 5000),
        ("body", "1_000_000", 1_000_000),
        ("body_seconds", "500ms", 0.5),
        ("body_seconds", 2.5, 2.5),
        ("idle_seconds", "2m", 120.0),
        ("spans", "10,000", 10_000),
        ("reasons", 0, 0),
    ],
)
def test_values(name: str, given: object, value: float) -> None:
    found = getattr(with_values(DEFAULT_LIMITS, {name: given}), name)
    assert found == value
    assert isinstance(found, type(getattr(DEFAULT_LIMITS, name)))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("body", "", "no value for the limit body"),
        ("body", "20 apples", "no value for the limit body"),
        ("body", "0", "no value for the limit body"),
        ("body", "-1", "no value for the limit body"),
        ("body", "3GB", "1 to 2,147,483,647"),
        ("body", True, "no value for the limit body"),
        ("body", None, "no value for the limit body"),
        ("body", "1.5", "no value for the limit body"),
        ("body", float("nan"), "no value for the limit body"),
        ("body", float("inf"), "no value for the limit body"),
        ("body_seconds", "30 d", "give seconds or a duration such as 500ms, 30s"),
        ("nesting", 1000, "a whole number, 1 to 200"),
        ("spans", "5s", "no value for the limit spans"),
        ("span", "5", "did you mean spans?"),
        ("zzzz", "5", "one of body, decoded_body"),
    ],
)
def test_values_that_are_none(name: str, given: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        with_values(DEFAULT_LIMITS, {name: given})
    assert message in str(caught.value)


def test_the_deepest_nesting_that_can_be_set_works() -> None:
    most = int(BOUNDS["nesting"].most)
    assert most * 3 < sys.getrecursionlimit()
    with receiving(nesting=most) as receivers:
        for depth, rejected in ((most, 0), (most + 1, 1)):
            for answer in (
                over_http(receivers, _nested(depth)),
                over_grpc(receivers, _nested(depth)),
            ):
                assert isinstance(answer[1], ExportTraceServiceResponse)
                assert answer[1].partial_success.rejected_spans == rejected, answer
