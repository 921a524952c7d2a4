"""Runs the shop: starts its processes, lets customers order, replaces a dead worker, stops."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Final

from tracemap.demo.broker import BrokerClient, Json
from tracemap.demo.calls import post
from tracemap.demo.faults import Script
from tracemap.demo.process import Child, ShopError, listen
from tracemap.demo.topology import NAMESPACE, SERVICES

#: Mean pause between two orders, in seconds.
PAUSE_SECONDS: Final = 0.05
#: The queues must run empty within this time after the last order, in seconds.
DRAIN_SECONDS: Final = 60.0
#: How long the services' exporters gather spans, in milliseconds.
BATCH_DELAY_MS: Final = 150

#: Called after each order with how many are placed so far.
Progress = Callable[[int], None]


def run_shop(script: Script, grpc: str, http: str, logs: Path, progress: Progress) -> None:
    """Run all orders of ``script`` and return when every span of it is exported.

    ``grpc`` and ``http`` are the OTLP endpoints that the services export to; the processes write
    their logs into the folder ``logs``. Raises ShopError when a process ends that should not.
    """
    with _Shop(script, {"grpc": grpc, "http/protobuf": http}, logs).open() as shop:
        shop.place_orders(progress)
        shop.drain()
        shop.close()


class _Shop:
    def __init__(self, script: Script, endpoints: dict[str, str], logs: Path) -> None:
        self._script = script
        self._endpoints = endpoints
        self._logs = logs
        names = ["broker", *(name for name, service in SERVICES.items() if service.listens)]
        self._listeners: dict[str, socket.socket] = {name: listen() for name in names}
        self._addresses: dict[str, tuple[str, int]] = {
            name: listener.getsockname() for name, listener in self._listeners.items()
        }
        self._children: list[Child] = []
        self._started: dict[str, int] = {}
        self._customers = ThreadPoolExecutor(max_workers=16)

    @contextmanager
    def open(self) -> Iterator[_Shop]:
        """Start all processes; whatever happens inside, none of them is left at the end."""
        try:
            self._spawn("broker", "broker", ["tracemap.demo.broker"], {})
            for name in SERVICES:
                self._start(name)
            for child in self._children:
                child.wait_ready()
            yield self
        finally:
            for child in self._children:
                if child.exit_code is None:
                    child.kill()
            for listener in self._listeners.values():
                listener.close()
            self._customers.shutdown(cancel_futures=True)

    def place_orders(self, progress: Progress) -> None:
        """Be the customers: place every order at its time, several at once when one is slow."""
        random = Random(f"{self._script.seed}/customers")
        # A customer comes back about three times, so customer.id cannot tell orders apart.
        people = [f"c-{number}" for number in range(1000, 1000 + self._script.orders // 3)]
        placed: list[Future[Json]] = []
        due = time.monotonic()
        for number, order in enumerate(self._script.order_ids(), start=1):
            body = {"order": order, "customer": random.choice(people)}
            headers = {"X-Request-Id": f"{random.getrandbits(64):016x}"}
            address = self._addresses["order"]
            placed.append(self._customers.submit(post, address, "/orders", body, headers))
            due += PAUSE_SECONDS * random.uniform(0.5, 1.5)
            self._supervise_until(due)
            progress(number)
        for answer in placed:
            try:
                answer.result()
            except (OSError, HTTPException) as error:
                raise ShopError(f"an order was not taken: {error}") from error

    def drain(self) -> None:
        """Wait until no message is queued, in a worker's hands or due for redelivery."""
        give_up = time.monotonic() + DRAIN_SECONDS
        broker = BrokerClient(self._addresses["broker"])
        try:
            while pending := broker.pending():
                if time.monotonic() > give_up:
                    raise ShopError(
                        f"{pending} messages are still in the demo's queues",
                        do="try again when the machine is less busy",
                    )
                self._supervise_until(time.monotonic() + 0.1)
        finally:
            broker.close()

    def close(self) -> None:
        """Stop the services, which exports their last spans, then the broker."""
        broker, services = self._children[0], self._children[1:]
        for child in services:
            child.ask_to_stop()
        for child in [*services, broker]:
            if child is broker:
                child.ask_to_stop()
            if code := child.wait_stopped():
                raise ShopError(f"{child.name} ended with {code}: {child.last_words()}")

    def _supervise_until(self, due: float) -> None:
        """Sleep until ``due`` (monotonic seconds), replacing the worker that is meant to die."""
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            for child in list(self._children):
                if child.exit_code is None:
                    continue
                if child.name != "shipping-1" or child.exit_code != -signal.SIGKILL:
                    raise ShopError(
                        f"{child.name} ended with {child.exit_code}: {child.last_words()}"
                    )
                self._children.remove(child)
                child.wait_stopped()
                self._start("shipping")

    def _start(self, name: str) -> None:
        number = self._started[name] = self._started.get(name, 0) + 1
        instance = f"{name}-{number}"
        service = SERVICES[name]
        resource = {
            "service.namespace": NAMESPACE,
            "service.instance.id": instance,
            "team": service.team,
        }
        environment = {
            "OTEL_SERVICE_NAME": name,
            "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{k}={v}" for k, v in resource.items()),
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._endpoints[service.protocol],
            "OTEL_EXPORTER_OTLP_PROTOCOL": service.protocol,
            "OTEL_BSP_SCHEDULE_DELAY": str(BATCH_DELAY_MS),
        }
        self._spawn(name, instance, ["tracemap.demo.services", name], environment)

    def _spawn(
        self, name: str, instance: str, arguments: list[str], environment: dict[str, str]
    ) -> None:
        environment = {
            **_caller_environment(),
            **environment,
            "SHOP_BROKER": "{}:{}".format(*self._addresses["broker"]),
            "SHOP_INVENTORY": "{}:{}".format(*self._addresses["inventory"]),
            "SHOP_SCRIPT": self._script.to_json(),
        }
        # The child alone listens: when it is gone, callers are refused instead of left waiting.
        listener = self._listeners.pop(name, None)
        self._children.append(Child(instance, arguments, environment, self._logs, listener))
        if listener is not None:
            listener.close()


def _caller_environment() -> dict[str, str]:
    """This process's environment without its own OpenTelemetry settings and proxies."""
    ours = ("OTEL_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY")
    return {k: v for k, v in os.environ.items() if not k.upper().startswith(ours)}
