"""The cost of taking spans in, acknowledged after they are on disk. Prints one JSON object.

    python benchmarks/ingest.py                          500 spans a request, 8 clients, both ways
    python benchmarks/ingest.py --full                   1 to 5,000 spans, 1 to 64 clients: 24 runs
    python benchmarks/ingest.py --spans 500 --clients 64 --seconds 60 --protocols http
    python benchmarks/ingest.py --endpoint 127.0.0.1:14317 --pid 4242 --protocols grpc
    python benchmarks/ingest.py --rate 20000 --seconds 1800      a soak, half the measured rate

Each run has a tracemap of its own on an empty database, or all go to the endpoint that is named:
any OTLP receiver, whose process is watched through /proc (Linux). Every span has ten attributes,
a random trace id, span id and 16-character message id, and times of its own; resources and routes
repeat. Clients are closed loops, each on a connection of its own, in processes beside the server:
on few cores they take time away from it, which shows in latency and rate and not in CPU a span.

The analysis is switched off unless ``--analyse``: its cost is a matter of executions, not of
requests. ``cpu_us_per_span`` is user and system time of the whole server process.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import platform
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
TICKS = os.sysconf("SC_CLK_TCK")
PROCESSES = 4
FULL_SPANS = (1, 50, 500, 5000)
FULL_CLIENTS = (1, 8, 64)
_INSTANCE = "payment-"
_INSTANCE_0 = b"payment-0"
_TRACE, _SPAN, _MESSAGE = b"T" * 16, b"S" * 8, b"M" * 16
_START, _END = 0x1111111111111111, 0x2222222222222222
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


class Requests:
    """Serialised requests of ``spans`` spans, each with ids of its own."""

    def __init__(self, spans: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        body, tail, stride = _template(spans)
        instance = f"{_INSTANCE}{seed % 10}".encode()
        self.body = np.frombuffer(bytearray(body.replace(_INSTANCE_0, instance, 1)), np.uint8)
        # The spans stand last and are all as long: their bytes are rows of a matrix.
        self.rows = self.body[len(self.body) - spans * stride :].reshape(spans, stride)
        lead = stride - len(tail)
        self.at = {
            name: lead + tail.index(mark)
            for name, mark in (
                ("trace", _TRACE),
                ("span", _SPAN),
                ("message", _MESSAGE),
                ("start", _START.to_bytes(8, "little")),
                ("end", _END.to_bytes(8, "little")),
            )
        }

    def next(self) -> bytes:
        """The next request; its spans began just now."""
        count = len(self.rows)
        self._put("trace", self.random.integers(0, 256, (count, 16), np.uint8))
        self._put("span", self.random.integers(0, 256, (count, 8), np.uint8))
        self._put("message", _HEX[self.random.integers(0, 16, (count, 16))])
        lasts = self.random.integers(50_000, 90_000_000, count, np.int64)
        start = time.time_ns() - lasts - self.random.integers(0, 5_000_000_000, count, np.int64)
        self._put("start", start.astype("<u8").view(np.uint8).reshape(count, 8))
        self._put("end", (start + lasts).astype("<u8").view(np.uint8).reshape(count, 8))
        return self.body.tobytes()

    def _put(self, name: str, values: np.ndarray[Any, Any]) -> None:
        at = self.at[name]
        self.rows[:, at : at + values.shape[1]] = values


@cache
def _template(spans: int) -> tuple[bytes, bytes, int]:
    """A request, its first span, and the bytes of each span with its tag and length."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for key, value in (
        ("service.name", "payment"),
        ("service.namespace", "shop"),
        ("service.instance.id", _INSTANCE_0.decode()),
        ("service.version", "1.4.2"),
        ("deployment.environment.name", "production"),
        ("telemetry.sdk.language", "python"),
    ):
        resource_spans.resource.attributes.append(_attribute(key, value))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "shop.payment"
    scope_spans.spans.extend(_span(number) for number in range(spans))
    first = scope_spans.spans[0].SerializeToString()
    return request.SerializeToString(), first, len(_framed(first))


def _attribute(key: str, value: str | float) -> KeyValue:
    if isinstance(value, str):
        return KeyValue(key=key, value=AnyValue(string_value=value))
    if isinstance(value, bool):
        return KeyValue(key=key, value=AnyValue(bool_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    return KeyValue(key=key, value=AnyValue(double_value=value))


def _span(number: int) -> Span:
    """One span with ten attributes; its length does not depend on ``number``."""
    span = Span(
        trace_id=_TRACE,
        span_id=_SPAN,
        name=("charge card  ", "refund card  ", "authorise one")[number % 3],
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=_START,
        end_time_unix_nano=_END,
        flags=0x101,
    )
    for key, value in (
        ("http.request.method", "POST"),
        ("http.route", ("/charges/{id}", "/refunds/{id}", "/authoris/{id}"[:13])[number % 3]),
        ("http.response.status_code", (200, 201, 404)[number % 3]),
        ("server.address", "bank.example.internal"),
        ("server.port", 443),
        ("messaging.system", "rabbitmq"),
        ("messaging.destination.name", "orders.placed"),
        ("messaging.message.id", _MESSAGE.decode()),
        ("messaging.batch", number % 2 == 0),
        ("payment.share", 0.25),
    ):
        span.attributes.append(_attribute(key, value))
    return span


def _framed(message: bytes) -> bytes:
    """``message`` as a repeated field holds it: tag, length, bytes."""
    size, length = len(message), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"\x12" + bytes(length) + message


# --- clients ---------------------------------------------------------------------------------

#: Sends one request. True once it is acknowledged, False when it was refused.
Send = Callable[[bytes], bool]


def _grpc_sender(address: str) -> Send:
    # A connection of its own for each client, as different services have.
    options = [("grpc.use_local_subchannel_pool", 1)]
    call = grpc.insecure_channel(address, options).unary_unary(EXPORT)

    def send(body: bytes) -> bool:
        try:
            answer = call(body, timeout=60)
        except grpc.RpcError:
            return False
        return not answer  # a partial success is no success here

    return send


def _http_sender(address: str) -> Send:
    connection = http.client.HTTPConnection(address, timeout=60)
    headers = {"content-type": "application/x-protobuf"}

    def send(body: bytes) -> bool:
        try:
            connection.request("POST", "/v1/traces", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        return answer.status == 200

    return send


SENDERS: dict[str, Callable[[str], Send]] = {"grpc": _grpc_sender, "http": _http_sender}


@dataclass(slots=True)
class Sent:
    """What one client process saw: seconds of each acknowledged request, refusals."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: ``rate`` is spans a second over all clients, 0 for as fast as it goes."""

    protocol: str
    address: str
    spans: int
    clients: int
    seconds: float
    rate: float = 0.0


def _client(load: Load, seed: int, until: float, sent: Sent) -> None:
    send = SENDERS[load.protocol](load.address)
    requests = Requests(load.spans, seed)
    pace = load.clients * load.spans / load.rate if load.rate else 0.0
    due = time.monotonic() + pace * (seed % load.clients) / load.clients
    while time.monotonic() < until:
        body = requests.next()
        if pace:
            time.sleep(max(0.0, due - time.monotonic()))
            due += pace
        began = time.perf_counter()
        if send(body):
            sent.latencies.append(time.perf_counter() - began)
        else:
            sent.refused += 1
            time.sleep(0.05)


def _clients(load: Load, seeds: Sequence[int], gate: Any, results: Any) -> None:
    """A process of clients, a thread each."""
    found = [Sent() for _ in seeds]
    _template(load.spans)  # takes its time, which is not to be measured
    gate.wait()
    until = time.monotonic() + load.seconds
    threads = [
        threading.Thread(target=_client, args=(load, seed, until, sent), daemon=True)
        for seed, sent in zip(seeds, found, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(([x for s in found for x in s.latencies], sum(s.refused for s in found)))


def drive(load: Load) -> tuple[Sent, float]:
    """Send ``load``; what was acknowledged, and the seconds it took."""
    spawn = multiprocessing.get_context("spawn")
    count = min(PROCESSES, load.clients)
    gate, results = spawn.Barrier(count + 1), spawn.Queue()
    base = secrets.randbelow(2**40) * load.clients
    processes = [
        spawn.Process(
            target=_clients,
            args=(load, range(base + i, base + load.clients, count), gate, results),
            daemon=True,
        )
        for i in range(count)
    ]
    for process in processes:
        process.start()
    gate.wait()
    began = time.monotonic()
    total = Sent()
    for _ in processes:
        latencies, refused = results.get(timeout=load.seconds + 120)
        total.latencies += latencies
        total.refused += refused
    elapsed = time.monotonic() - began
    for process in processes:
        process.join()
    return total, elapsed


# --- the server ------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def peak_memory(pid: int) -> int:
    """The largest resident size of a process since ``forget_peak``, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"process {pid} tells no peak memory")


def forget_peak(pid: int) -> None:
    """Count the peak anew; not allowed for processes of others, whose peak is their whole life."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def disk_bytes(path: Path) -> int:
    """Bytes allocated by a file, or by all files of a folder."""
    files = path.rglob("*") if path.is_dir() else path.parent.glob(path.name + "*")
    return sum(f.stat().st_blocks * 512 for f in files if f.is_file() and not f.is_symlink())


class OwnServer:
    """A tracemap of this checkout on an empty database."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.db = folder / "ingest.duckdb"
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "tracemap", "serve", "--db", str(self.db)]
        command += ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        log = (folder / "log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *more], stderr=log, stdout=log
        )
        while not ready.exists():
            if self.process.poll() is not None:
                raise SystemExit((folder / "log").read_text(encoding="utf-8"))
            time.sleep(0.02)
        self.told: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def measure(load: Load, pid: int, warm_up: float) -> dict[str, Any]:
    """One row of the result. Sends for ``warm_up`` seconds before it measures."""
    warm = Sent()
    if warm_up:
        warm, _ = drive(replace(load, seconds=warm_up))
    forget_peak(pid)
    before = cpu_seconds(pid)
    sent, elapsed = drive(load)
    used = cpu_seconds(pid) - before
    spans = len(sent.latencies) * load.spans
    if not spans:
        raise SystemExit(f"{load.address} acknowledged nothing over {load.protocol}")
    p50, p99 = np.percentile(sent.latencies, [50, 99])
    return {
        "protocol": load.protocol,
        "spans_per_request": load.spans,
        "clients": load.clients,
        "seconds": round(elapsed, 2),
        "spans": spans,
        "spans_with_warm_up": spans + len(warm.latencies) * load.spans,
        "refused_requests": sent.refused,
        "spans_per_second": round(spans / elapsed),
        "cpu_us_per_span": round(used / spans * 1e6, 2),
        "cpu_cores": round(used / elapsed, 2),
        "p50_ms": round(p50 * 1e3, 2),
        "p99_ms": round(p99 * 1e3, 2),
        "max_ms": round(max(sent.latencies) * 1e3, 2),
        "peak_memory_mib": round(peak_memory(pid) / 2**20, 1),
    }


def measure_own(load: Load, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row, of a server that is started for it. Disk is measured after it has ended."""
    more = arguments.serve.split()
    if not arguments.analyse:
        more += ["--analyse-every", "off"]
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="ingest-") as folder:
        server = OwnServer(Path(folder), *more)
        try:
            target = replace(load, address=server.told[load.protocol])
            row = measure(target, server.process.pid, arguments.warm_up)
        finally:
            server.stop()
        row["disk_bytes_per_span"] = round(disk_bytes(server.db) / row["spans_with_warm_up"], 1)
    return row


def measure_other(load: Load, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row, of the receiver that was named."""
    before = disk_bytes(arguments.disk) if arguments.disk else 0
    row = measure(load, arguments.pid, arguments.warm_up)
    if arguments.disk:
        grown = disk_bytes(arguments.disk) - before
        row["disk_bytes_per_span"] = round(grown / row["spans_with_warm_up"], 1)
    return row


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="every size and number of clients")
    parser.add_argument("--protocols", default="grpc,http", help="grpc, http")
    parser.add_argument("--spans", type=_numbers, default=[500], help="spans a request")
    parser.add_argument("--clients", type=_numbers, default=[8], help="clients at once")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each run")
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds before each run")
    parser.add_argument("--rate", type=float, default=0.0, help="spans a second; 0: no pause")
    parser.add_argument("--endpoint", help="HOST:PORT of another receiver; one protocol only")
    parser.add_argument("--pid", type=int, help="its process")
    parser.add_argument("--disk", type=Path, help="the file or folder it writes to")
    parser.add_argument("--analyse", action="store_true", help="with the analysis running")
    parser.add_argument("--serve", default="", help="more arguments for tracemap serve")
    parser.add_argument("--folder", type=Path, help="where databases are made")
    arguments = parser.parse_args()
    if arguments.full:
        arguments.spans, arguments.clients = list(FULL_SPANS), list(FULL_CLIENTS)
    arguments.protocols = arguments.protocols.split(",")
    if unknown := set(arguments.protocols) - set(SENDERS):
        parser.error(f"--protocols takes {', '.join(SENDERS)}, not {', '.join(sorted(unknown))}")
    if arguments.pid and not Path(f"/proc/{arguments.pid}/stat").exists():
        parser.error(f"there is no process {arguments.pid}")
    if arguments.endpoint and (not arguments.pid or len(arguments.protocols) != 1):
        parser.error("--endpoint needs --pid, and --protocols with the one it speaks")
    return arguments


def main() -> None:
    """Measure every combination and print one JSON object."""
    arguments = _arguments()
    one = measure_other if arguments.endpoint else measure_own
    rows = []
    for protocol in arguments.protocols:
        for spans in arguments.spans:
            for clients in arguments.clients:
                load = Load(
                    protocol,
                    arguments.endpoint or "",
                    spans,
                    clients,
                    arguments.seconds,
                    arguments.rate,
                )
                print(f"{protocol}: {clients} clients, {spans} spans", file=sys.stderr)
                rows.append(one(load, arguments))
    told = {
        "benchmark": "ingest",
        "server": arguments.endpoint or "tracemap",
        "analysis": None if arguments.endpoint else bool(arguments.analyse),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        "runs": rows,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
