"""How an execution ends after something in it failed for good: mended, undone, or neither."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Span
from scenarios.registry import scenario
from scenarios.shop import MUCH_LATER, Shop, key, order

#: Orders that go well, for the model: it asks for at least 30.
_LEARNED = 32
_CARRIER = {"server.address": "carrier.example"}


def _ship(shop: Shop, number: int, message: Span, at: float, error: str | None = None) -> Span:
    """Process the order's message: the carrier, who sends no telemetry, is asked for a label."""
    s = shop.scenario
    span = shop.ship(number, message, at=at, error=error)
    s.span(
        shop.shipping, "POST", Kind.CLIENT, at + 0.02, 0.05, parent=span, attributes=_CARRIER,
        error=error,
    )  # fmt: skip
    return span


@scenario("dead-letters-and-what-became-of-them")
def dead_letters(s: Scenario) -> None:
    """What becomes of an order whose message was dead-lettered is what was done about it.

    Sent to its topic again and shipped (ord-1041), or shipped by who took it from the dead letters
    (ord-1042: the carrier is asked as ever): completed. Refunded, by a step of payment (ord-1044)
    or at a provider (ord-1049): compensated. Logged (ord-1043, and ord-1047, which the broker had
    moved), told to somebody (ord-1045), parked (ord-1046) or left (ord-1048): failed.
    """
    shop = Shop.of(s)
    support = s.service("support", "care")
    for number in range(1, _LEARNED + 1):
        message = shop.place(number, number * 60.0)
        _ship(shop, number, message, message.end + 0.4)
    start = (_LEARNED + 5) * 60.0

    def take(number: int, after: float, by: str = "support") -> tuple[float, Span]:
        """Fail to ship an order, and take its message from the dead letters a minute later."""
        at = start + after
        failed = _ship(shop, number, shop.place(number, at), at + 0.5, error="ValueError: no city")
        dead = s.publish(shop.shipping, "orders.placed.dlq", at + 0.6, parent=failed)
        who = {"support": support, "shipping": shop.shipping}[by]
        return at + 60, s.process(who, dead, at + 60, 0.3, attributes=key(number))

    at, taken = take(41, 0)
    _ship(shop, 41, s.publish(support, shop.destination, at + 0.1, parent=taken), at + 1)
    at, taken = take(42, 10, by="shipping")
    asked = {"parent": taken, "attributes": _CARRIER}
    s.span(shop.shipping, "POST", Kind.CLIENT, at + 0.1, 0.05, **asked)  # type: ignore[arg-type]
    at, taken = take(43, 20)
    table = {"db.system.name": "postgresql", "db.namespace": "support"}
    s.span(
        support, "INSERT dead_letters", Kind.CLIENT, at + 0.1, 0.05, parent=taken, attributes=table
    )
    at, taken = take(44, 30)
    s.call(support, shop.payment, "POST /refunds", at + 0.1, 0.1, parent=taken, attributes=key(44))
    at, taken = take(45, 40)
    alert = s.publish(support, "alerts", at + 0.1, parent=taken)
    s.process(s.service("notification", "care"), alert, at + 1, 0.05)
    at, taken = take(46, 50)
    parked = s.publish(support, "orders.parking-lot", at + 0.1, parent=taken)
    s.process(s.service("archiver", "care"), parked, at + 1, 0.05)
    at = start + 60
    message = shop.place(47, at)
    _ship(shop, 47, message, at + 0.5, error="ValueError: no city")
    moved = {**key(47), "messaging.destination.name": "orders.placed.dlq"}
    s.process(support, message, at + 60, 0.05, attributes=moved)
    at = start + 70
    failed = _ship(shop, 48, shop.place(48, at), at + 0.5, error="ValueError: no city")
    s.publish(shop.shipping, "orders.placed.dlq", at + 0.6, parent=failed)
    at, taken = take(49, 80)
    s.span(
        support, "POST /v1/refunds", Kind.CLIENT, at + 0.1, 0.1, parent=taken,
        attributes={"server.address": "pay.example"},
    )  # fmt: skip
    shop.order(50, start + MUCH_LATER)
    ends = {
        "completed": (41, 42, 50),
        "compensated": (44, 49),
        "failed": (43, 45, 46, 47, 48),
    }
    s.expected["executions"] = {
        "of": {order(n): {"status": status} for status, those in ends.items() for n in those}
    }


@scenario("failed-though-another-branch-went-on")
def another_branch(s: Scenario) -> None:
    """Two groups take an order's message; one fails for good, the other goes on.

    Billing gives up on ord-1041 while its parcel is still to be shipped, and announced: what was on
    its way already mends nothing, nobody bills. Checkout waits for the charge of ord-1042, which
    fails, and goes on without: that is an order completed.
    """
    shop = Shop.of(s)
    billing, mail = s.service("billing", "money"), s.service("mail", "care")

    def go_on(number: int, message: Span, error: str | None = None) -> None:
        at = message.end
        s.process(billing, message, at + 0.2, 0.1, attributes=key(number), error=error)
        shipped = shop.ship(number, message, at=at + 0.5)
        told = s.publish(shop.shipping, "shipped", at + 0.6, parent=shipped)
        s.process(mail, told, at + 0.9, 0.1, attributes=key(number))

    for number in range(1, _LEARNED + 1):
        go_on(number, shop.place(number, number * 60.0))
    go_on(41, shop.place(41, 41 * 60.0), error="ValueError: no such customer")
    at = 42 * 60.0
    root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(42))
    shop.charge(42, at + 0.01, root, error="ConnectionError: refused")
    go_on(42, s.publish(shop.checkout, shop.destination, at + 0.1, parent=root))
    s.expected["executions"] = {
        "of": {order(41): {"status": "failed"}, order(42): {"status": "completed"}}
    }


@scenario("retried-through-topics")
def retried_through_topics(s: Scenario) -> None:
    """Tries that go through topics of their own are tries, as Spring for Apache Kafka makes them.

    A failed order is sent to ``orders-retry-0``, then ``orders-retry-1``, then ``orders-dlt``.
    ord-1041 and ord-1042 succeed at the second and third try. ord-1043 never does, nor does
    ord-1044, whose handler of dead letters logs it.
    """
    shop = Shop.of(s)
    shop.destination = "orders"
    shop.orders(_LEARNED)
    start = (_LEARNED + 5) * 60.0
    for number, failures in ((41, 1), (42, 2), (43, 3), (44, 3)):
        at = start + number
        message = shop.place(number, at)
        for go in range(failures):
            failed = shop.ship(number, message, at=at + 1 + go * 5, error="ValueError: no city")
            to = f"orders-retry-{go}" if go < 2 else "orders-dlt"
            message = s.publish(shop.shipping, to, failed.end - 0.005, parent=failed)
        if failures < 3:
            shop.ship(number, message, at=at + 1 + failures * 5)
        elif number == 44:
            s.process(shop.shipping, message, at + 60, 0.02, attributes=key(44))
    shop.order(50, start + MUCH_LATER)
    s.expected["executions"] = {
        "of": {
            order(number): {"status": status}
            for number, status in (
                (41, "completed"),
                (42, "completed"),
                (43, "failed"),
                (44, "failed"),
            )
        }
    }
