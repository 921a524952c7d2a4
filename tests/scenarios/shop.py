"""The two small worlds most scenarios play in: a shop with a queue, and one with a job table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.builder import Kind, Scenario, Service, Span

#: Orders in a background that the model may learn from (it asks for at least 30 samples).
LEARNED = 40
#: How long after the last ordinary order the recording goes on, so that everything has matured.
MUCH_LATER = 40 * 60.0
#: The numbers of the orders in most scenarios, a minute each: the background, and one much later.
ORDERS = (*range(1, LEARNED + 1), LEARNED + 41)


def order(number: int) -> str:
    """Return the order id of the n-th order."""
    return f"ord-{1000 + number}"


def key(number: int) -> dict[str, Any]:
    """Return the business key of the n-th order."""
    return {"order.id": order(number)}


def said(space: str, **facts: Any) -> dict[str, Any]:
    """Return attributes of one namespace; a dot within a name is written ``__``."""
    return {f"{space}.{name.replace('__', '.')}": value for name, value in facts.items()}


def placed(s: Scenario, service: Service, number: int, at: float) -> Span:
    """Let a service take the n-th order, and nothing else."""
    return s.serve(service, "POST /orders", at, 0.1, attributes=key(number))


@dataclass(slots=True)
class Shop:
    """checkout takes an order, calls payment, and tells shipping through ``orders.placed``.

    One order: ``POST /orders`` (checkout) calls ``POST /charge`` (payment); a message to
    ``orders.placed``; 0.3-0.6 s later shipping processes it in a trace of its own with a link.
    """

    scenario: Scenario
    checkout: Service
    payment: Service
    shipping: Service
    destination: str = "orders.placed"

    @classmethod
    def of(cls, scenario: Scenario, **other: Service) -> Shop:
        """Return the usual shop, each service with its team; ``other`` replaces some of it."""
        services = {
            "checkout": scenario.service("checkout", "storefront"),
            "payment": scenario.service("payment", "payments"),
            "shipping": scenario.service("shipping", "logistics"),
        }
        services.update(other)
        return cls(scenario, services["checkout"], services["payment"], services["shipping"])

    def place(self, number: int, at: float, *, charge: bool = True, **message: Any) -> Span:
        """Take one order and return the message that was sent; its parent is ``POST /orders``."""
        s = self.scenario
        root = s.serve(self.checkout, "POST /orders", at, 0.12, attributes=key(number))
        if charge:
            self.charge(number, at + 0.01, root)
        return s.publish(self.checkout, self.destination, at + 0.1, parent=root, **message)

    def charge(self, number: int, at: float, root: Span, **more: Any) -> Span:
        """Charge the customer: checkout calls payment and waits 60 ms."""
        return self.scenario.call(
            self.checkout,
            self.payment,
            "POST /charge",
            at,
            0.06,
            parent=root,
            attributes=key(number),
            **more,
        )

    def ship(self, number: int, message: Span, **more: Any) -> Span:
        """Process the order's message a little after it was sent."""
        at = more.pop("at", message.end + self.scenario.random.uniform(0.3, 0.6))
        more["attributes"] = {**key(number), **more.get("attributes", {})}
        return self.scenario.process(
            more.pop("by", self.shipping), message, at, more.pop("lasts", 0.15), **more
        )

    def batch(self, which: int, said: dict[str, Any] | None = None) -> tuple[list[int], Span]:
        """Place twenty orders; return their numbers, and the span that takes all their messages."""
        numbers = [which * 20 + index for index in range(1, 21)]
        messages = [
            self.place(number, which * 120.0 + index * 5.0, charge=False)
            for index, number in enumerate(numbers)
        ]
        taken = self.scenario.span(
            self.shipping,
            f"process {self.destination}",
            Kind.CONSUMER,
            messages[-1].end + 0.2,
            0.9,
            links=messages,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": self.destination,
                "messaging.operation.type": "process",
                **(said or {}),
            },
        )
        return numbers, taken

    def order(self, number: int, at: float, **place: Any) -> Span:
        """Run one order from its start to its end and return the shipment."""
        return self.ship(number, self.place(number, at, **place))

    def orders(self, count: int, *, first: int = 1, at: float = 0.0, every: float = 60.0) -> float:
        """Run ordinary orders and return when the next one would begin."""
        for index in range(count):
            self.order(first + index, at + index * every)
        return at + count * every


@dataclass(slots=True)
class Jobs:
    """checkout stores an order; fulfilment finds it in a table; only ``order.id`` joins them."""

    scenario: Scenario
    checkout: Service
    fulfilment: Service
    dispatch: Service
    #: Seconds between the order and the start of fulfilment, and from there to dispatch.
    pick_up: tuple[float, float] = (2.0, 4.0)
    hand_over: tuple[float, float] = (2.0, 4.0)

    @classmethod
    def of(cls, scenario: Scenario, **other: Any) -> Jobs:
        """Return the usual services, each with its team."""
        services = {
            "checkout": scenario.service("checkout", "storefront"),
            "fulfilment": scenario.service("fulfilment", "warehouse"),
            "dispatch": scenario.service("dispatch", "logistics"),
        }
        return cls(scenario, **{**services, **other})

    def place(self, number: int, at: float) -> Span:
        """Take an order and store it."""
        s = self.scenario
        root = s.serve(self.checkout, "POST /orders", at, 0.08, attributes=key(number))
        database = {"db.system.name": "postgresql", "db.namespace": "orders"}
        s.span(
            self.checkout,
            "INSERT orders",
            Kind.CLIENT,
            at + 0.02,
            0.01,
            parent=root,
            attributes=database,
        )
        return root

    def fulfil(self, number: int, at: float, **more: Any) -> Span:
        """Pick an order: a trace of its own that knows nothing but the order's id."""
        return self._job(self.fulfilment, "fulfil order", number, at, **more)

    def send_off(self, number: int, at: float, **more: Any) -> Span:
        """Hand an order to the carrier: again a trace of its own."""
        return self._job(self.dispatch, "dispatch order", number, at, **more)

    def order(self, number: int, at: float) -> Span:
        """Run one order from its start to its end."""
        s = self.scenario
        placed = self.place(number, at)
        picked = self.fulfil(number, placed.end + s.random.uniform(*self.pick_up))
        return self.send_off(number, picked.end + s.random.uniform(*self.hand_over))

    def orders(self, count: int, *, first: int = 1, at: float = 0.0, every: float = 60.0) -> float:
        """Run ordinary orders and return when the next one would begin."""
        for index in range(count):
            self.order(first + index, at + index * every)
        return at + count * every

    def _job(self, service: Service, name: str, number: int, at: float, **more: Any) -> Span:
        return self.scenario.span(
            service, name, Kind.INTERNAL, at, 0.2, attributes=key(number), **more
        )
