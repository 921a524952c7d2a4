"""The five services of the shop. ``python -m tracemap.demo.services NAME`` runs one of them.

Each reads its addresses and the run's script from the environment, works until its standard
input closes, and exports all its spans before it ends - except the shipping worker that dies.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final, NoReturn

from opentelemetry.trace import SpanKind

from tracemap.demo.broker import BrokerClient, Json, Message
from tracemap.demo.calls import Handler, call, server
from tracemap.demo.faults import BATCH, Script
from tracemap.demo.process import address_from, listening_socket, stop_event
from tracemap.demo.telemetry import (
    process,
    process_received,
    provider_from_environment,
    receive,
    send,
)
from tracemap.demo.topology import CAPTURED, FAILED, PLACED, SHIPPED

#: Pause before the payment worker's failed attempt is made again, in seconds.
RETRY_SECONDS: Final = 0.8


class GatewayTimeoutError(Exception):
    """The external payment gateway did not answer in time."""


class ParcelRefusedError(Exception):
    """The carrier does not deliver to this address."""


class Runtime:
    """What every service has: telemetry, the script, its threads and when to stop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.script = Script.from_json(os.environ["SHOP_SCRIPT"])
        self.provider, self._exporter = provider_from_environment()
        self.tracer = self.provider.get_tracer(f"shop.{name}", "1.0.0")
        self.stop = stop_event()
        self._threads: list[threading.Thread] = []

    def work(self, order: str, step: str, low: float, high: float) -> None:
        """Take the time, in seconds, that ``step`` takes for this order."""
        time.sleep(self.script.work_seconds(order, step, low, high))

    def broker(self) -> BrokerClient:
        return BrokerClient(address_from("SHOP_BROKER"))

    def consume(
        self, destination: str, handle: Callable[[BrokerClient, Message], None], *, auto_ack: bool
    ) -> None:
        """Give each message of ``destination`` to ``handle``, one at a time, in a thread."""

        def loop() -> None:
            broker = self.broker()
            while not self.stop.is_set():
                for message in broker.fetch(destination, self.name, auto_ack=auto_ack):
                    handle(broker, message)

        self.start(loop)

    def listen(self, routes: dict[str, Handler]) -> None:
        """Answer POST requests on the inherited socket, each in a thread."""
        requests = server(listening_socket(), self.tracer, routes)
        threading.Thread(target=requests.serve_forever, daemon=True).start()

    def start(self, target: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                target()
            except Exception:  # noqa: BLE001 - any failure of a worker ends its process, loudly
                if not self.stop.is_set():  # else the broker merely stopped before us
                    traceback.print_exc()
                    os._exit(70)

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        self._threads.append(thread)

    def run(self) -> None:
        """Say that the service is at work, wait for the end, export what is left."""
        print("ready", flush=True)
        self.stop.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        self.provider.shutdown()
        if self._exporter.failed:
            sys.exit(f"{self._exporter.failed} spans could not be exported")


def order(runtime: Runtime) -> None:
    """Takes orders: stores them, reserves the goods by a call, announces them by a message."""
    inventory = address_from("SHOP_INVENTORY")
    broker = runtime.broker()

    def place(body: Json) -> Json:
        with runtime.tracer.start_as_current_span(
            "INSERT orders",
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.namespace": "orders",
                "db.operation.name": "INSERT",
                "db.collection.name": "orders",
                "server.address": "orders-db",
                "server.port": 5432,
            },
        ):
            runtime.work(body["order"], "insert", 0.002, 0.006)
        call(runtime.tracer, inventory, "/reservations", body)
        send(runtime.tracer, broker, PLACED, body)
        return {"accepted": body["order"]}

    runtime.listen({"/orders": place})


def payment(runtime: Runtime) -> None:
    """Charges customers through an external gateway; gives the money back when asked to."""

    def charge(broker: BrokerClient, message: Message) -> None:
        body = message.body
        more = {"customer.id": body["customer"], "tenant": "corner-shop"}
        try:
            with process(runtime.tracer, message, runtime.name, more):
                fails = body["order"] == runtime.script.retried and message.deliveries == 1
                _gateway(runtime, body, "/v1/charges", fails=fails)
                send(runtime.tracer, broker, CAPTURED, body)
        except GatewayTimeoutError:
            broker.nack(message, RETRY_SECONDS)
        else:
            broker.ack(message)

    def refund(broker: BrokerClient, message: Message) -> None:
        with (
            process(runtime.tracer, message, runtime.name),
            runtime.tracer.start_as_current_span("refund"),
        ):
            _gateway(runtime, message.body, "/v1/refunds")
        broker.ack(message)

    for _ in range(2):
        runtime.consume(PLACED, charge, auto_ack=False)
    runtime.consume(FAILED, refund, auto_ack=False)


def _gateway(runtime: Runtime, body: Json, path: str, *, fails: bool = False) -> None:
    with runtime.tracer.start_as_current_span(
        f"POST {path}",
        kind=SpanKind.CLIENT,
        attributes={
            "http.request.method": "POST",
            "url.full": f"https://api.cardgate.example{path}",
            "server.address": "api.cardgate.example",
            "server.port": 443,
        },
    ) as span:
        runtime.work(body["order"], path, 0.015, 0.04)
        if fails:
            raise GatewayTimeoutError("no answer from api.cardgate.example within 30 ms")
        span.set_attribute("http.response.status_code", 200)


def inventory(runtime: Runtime) -> None:
    """Keeps the stock: reserves and picks by calls, releases when a shipment fails."""

    def reserve(body: Json) -> Json:
        runtime.work(body["order"], "reserve", 0.002, 0.008)
        return {"reserved": body["order"]}

    def pick(body: Json) -> Json:
        runtime.work(body["order"], "pick", 0.003, 0.01)
        return {"picked": body["order"]}

    def release(broker: BrokerClient, message: Message) -> None:
        with (
            process(runtime.tracer, message, runtime.name),
            runtime.tracer.start_as_current_span("release"),
        ):
            runtime.work(message.body["order"], "release", 0.002, 0.008)
        broker.ack(message)

    runtime.listen({"/reservations": reserve, "/picks": pick})
    runtime.consume(FAILED, release, auto_ack=False)


def shipping(runtime: Runtime) -> None:
    """Has goods picked and ships them. Takes its messages without acknowledging them, so an
    order that it holds when it dies is held by nobody afterwards."""
    stock = address_from("SHOP_INVENTORY")

    def ship(broker: BrokerClient, message: Message) -> None:
        body = message.body
        dies = body["order"] == runtime.script.held
        if dies:
            # The crash shall cost this order's spans only, not those of its predecessors.
            runtime.provider.force_flush()
        try:
            with process(runtime.tracer, message, runtime.name):
                call(runtime.tracer, stock, "/picks", body, answered=_die if dies else None)
                runtime.work(body["order"], "pack", 0.005, 0.015)
                if body["order"] == runtime.script.refunded:
                    refuse(broker, body)
                send(runtime.tracer, broker, SHIPPED, body)
        except ParcelRefusedError:
            pass  # recorded on the span; whoever reads shipments.failed makes it good

    def refuse(broker: BrokerClient, body: Json) -> NoReturn:
        send(runtime.tracer, broker, FAILED, body)
        raise ParcelRefusedError(f"the carrier refuses the parcel of {body['order']}")

    runtime.consume(CAPTURED, ship, auto_ack=True)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def notification(runtime: Runtime) -> None:
    """Tells customers that their parcel is under way; once it falls behind and takes twenty
    messages at once."""

    def loop() -> None:
        broker = runtime.broker()
        sent = 0
        batch_due = True
        while not runtime.stop.is_set():
            if batch_due and sent >= runtime.script.batch_after:
                batch_due = False
                messages = broker.fetch(SHIPPED, runtime.name, least=BATCH, most=BATCH, wait=20)
            else:
                messages = broker.fetch(SHIPPED, runtime.name)
            if messages:
                notify(broker, messages)
                sent += len(messages)

    def notify(broker: BrokerClient, messages: list[Message]) -> None:
        with receive(runtime.tracer, messages, runtime.name):
            for message in messages:
                with process_received(runtime.tracer, message, runtime.name):
                    runtime.work(message.body["order"], "notify", 0.004, 0.012)
        for message in messages:
            broker.ack(message)

    runtime.start(loop)


_SERVICES: Final[dict[str, Callable[[Runtime], None]]] = {
    "order": order,
    "payment": payment,
    "inventory": inventory,
    "shipping": shipping,
    "notification": notification,
}


def main(name: str) -> None:
    """Run the service until it is asked to stop."""
    runtime = Runtime(name)
    _SERVICES[name](runtime)
    runtime.run()


if __name__ == "__main__":
    main(sys.argv[1])
