"""The process that ``simulation`` runs: an order, from the click to the closed books."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.otlp import Kind
from simulation import Gate, Message, Open, Process, Span, World, messaging


class Shop:
    """Orders ``o-001`` and on; ``hangs`` says at which point of the process some never go on."""

    def __init__(self, world: World, hangs: dict[str, str] | None = None) -> None:
        self.world, self.hangs = world, hangs or {}
        self.parcels: list[Message] = []
        self.outbox: list[str] = []
        self.packed: dict[str, int] = {}
        self.left = 0

    def run(self, orders: int, every: float) -> None:
        self.left = orders
        for number in range(1, orders + 1):
            self.world.spawn(
                self.order(f"o-{number:03}"), every * (number + self.world.random.random())
            )
        self.world.spawn(self.warehouse())
        self.world.spawn(self.relay())
        self.world.run()

    def point(self, order: str, name: str) -> Process:
        """Where an order may hang for good."""
        if self.hangs.get(order) == name:
            self.left -= 1
            yield Gate()

    def work(self, order: str, name: str, seconds: float) -> Callable[[Span], Process]:
        def process(span: Span) -> Process:
            yield self.world.about(seconds / 2)
            with self.world.span(span.step, name, parent=span):
                yield self.world.about(seconds / 2)
            yield from self.point(order, span.step.service)
            yield self.world.about(0.01)

        return process

    # -- the way of an order -------------------------------------------------------------------

    def order(self, order: str) -> Process:
        world = self.world
        with world.enter(
            "shop", "POST /orders", Kind.SERVER, [order], facts={"order.id": order}
        ) as span:
            with world.span(span.step, "validate", parent=span):
                yield world.about(0.05)
            refused = world.random.random() < 0.2
            for attempt in range(1 + refused):
                yield from world.call(
                    span, "payments", "POST /charge", self.charge(order, refused and not attempt)
                )
                yield world.about(0.3)
            yield from self.point(order, "shop")
            self.outbox.append(order)

    def charge(self, order: str, refused: bool) -> Callable[[Span], Process]:
        def process(span: Span) -> Process:
            yield from self.work(order, "check limit", 0.1)(span)
            bank = self.world.span(
                span.step, "POST", Kind.CLIENT, parent=span, facts={"peer.service": "bank"}
            )
            with bank as asked:
                yield self.world.about(0.8)
                asked.error = span.error = "Refused: try again" if refused else None

        return process

    def relay(self) -> Process:
        """Every five seconds: what stands in the outbox is published, in a trace of its own."""
        world = self.world
        while self.left:
            yield 5.0
            ready, self.outbox = self.outbox, []
            for order in ready:
                with world.enter(
                    "relay", "relay order", Kind.INTERNAL, [order], facts={"order.id": order}
                ) as span:
                    yield world.about(0.01)
                    message = world.publish(span, "orders", order)
                    world.spawn(self.fulfil(message), world.about(6.0))
                    yield 0.02

    def fulfil(self, message: Message) -> Process:
        world, order = self.world, message.order
        yield from self.point(order, "orders")
        with world.take("fulfilment", message) as span:
            yield world.about(0.2)
            yield from world.together(
                world.call(span, "stock", "POST /reserve", self.work(order, "reserve", 1.5)),
                world.call(span, "pricing", "POST /tax", self.work(order, "tax", 0.4)),
            )
            self.parcels.append(world.publish(span, "parcels", order))
            yield world.about(0.2)
            world.spawn(self.bill(world.publish(span, "invoices", order)), world.about(3.0))
            yield world.about(0.1)

    def bill(self, message: Message) -> Process:
        """One in four times it fails at first, and the message comes again."""
        world, order = self.world, message.order
        fails = world.random.random() < 0.25
        for attempt in range(1 + fails):
            with world.take("billing", message) as span:
                with world.span(span.step, "write invoice", parent=span):
                    yield world.about(0.3)
                yield from self.point(order, "billing")
                yield world.about(0.2)
                if fails and not attempt:
                    span.error = "Timeout: no invoice number"
                else:
                    billed = world.publish(span, "billed", order)
                    world.spawn(self.join(billed), world.about(2.0))
                    yield world.about(0.1)
            if span.error:
                message.back(world.now)
                yield world.about(8.0)

    def warehouse(self) -> Process:
        """Every 20 seconds all parcels that lie there, as one batch."""
        world = self.world
        while self.left:
            yield 20.0
            if not self.parcels:
                continue
            batch, self.parcels = self.parcels, []
            facts = messaging("parcels", "process")
            with world.enter(
                *("warehouse", "process parcels", Kind.CONSUMER, [m.order for m in batch]),
                links=[message.sent for message in batch],
                facts=facts | {"messaging.batch.message_count": len(batch)},
            ) as span:
                for message in batch:
                    message.taken(span.step)
                for message in batch:
                    with self.packing(span, message.order, alone=len(batch) == 1) as pack:
                        yield world.about(0.4)
                        packed = world.publish(pack, "packed", message.order)
                        world.spawn(self.join(packed), world.about(2.0))
                        yield world.about(0.1)

    def packing(self, batch: Span, order: str, *, alone: bool) -> Open:
        """What belongs to one order of a batch is a step of its own."""
        facts = {"order.id": order}
        if alone:
            return self.world.span(batch.step, "pack", parent=batch, facts=facts)
        return self.world.enter(
            *("warehouse", "pack", Kind.INTERNAL, [order]),
            caller=batch.step,
            parent=batch,
            facts=facts,
        )

    def join(self, message: Message) -> Process:
        """Packed and billed: whichever comes last lets the order go on to a person."""
        world, order = self.world, message.order
        with world.take("dispatch", message, polled=world.about(120.0)) as span:
            with world.span(span.step, f"UPDATE {message.destination}", parent=span):
                yield world.about(0.05)
            self.packed[order] = self.packed.get(order, 0) + 1
            last = self.packed[order] == 2  # now: the other one may count in the next moment
            yield world.about(0.05)
        if last:
            yield world.about(60.0)
            yield from self.approve(order)

    def approve(self, order: str) -> Process:
        world = self.world
        yield from self.point(order, "person")
        with world.enter(
            "backoffice", "POST /approve", Kind.SERVER, [order], facts={"order.id": order}
        ) as span:
            yield world.about(0.1)
            child = f"{order}-shipment"
            yield from world.call(
                *(span, "carrier", "POST /shipments", self.work(order, "book", 2.0)),
                orders=[child],
                facts={"order.id": child},
            )
            yield world.about(0.1)
        yield world.about(30.0)
        yield from self.close(order)

    def close(self, order: str) -> Process:
        yield from self.point(order, "timer")
        opened = self.world.enter(
            "books", "close order", Kind.INTERNAL, [order], facts={"order.id": order}
        )
        with opened as span:
            yield from self.work(order, "book entries", 0.2)(span)
        self.left -= 1
