"""How an execution ends after something in it failed for good: mended, undone, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


@scenario("batch-of-which-one-failed", lookalike_of=("DUP001", "DUP002"))
def batch_item_failed(s: Scenario) -> None:
    """Of a batch, only the item that failed is delivered again, as with SQS and Lambda.

    The function reports ord-1005 and ord-1011 as failed and succeeds as a whole. ord-1005 is taken
    again and done: nothing was done twice. ord-1011 is not: that one failed, the others of its
    batch did not. The function's own span, above the batch, is no execution beside them.
    """
    shop = Shop.of(s)
    function = s.service("fulfil-fn", "logistics")
    batch = {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": shop.destination,
        "messaging.operation.type": "process",
    }

    def take(messages: dict[int, Span], at: float, failed: tuple[int, ...] = ()) -> None:
        call = s.serve(function, "fulfil-fn", at, 1.0, attributes={"faas.trigger": "pubsub"})
        count = {"messaging.batch.message_count": len(messages)}
        outer = s.span(
            function, "process orders.placed", Kind.CONSUMER, at + 0.01, 0.95, parent=call,
            links=list(messages.values()), attributes={**batch, **count},
        )  # fmt: skip
        for index, number in enumerate(messages):
            s.span(
                function, "handle order", Kind.INTERNAL, at + 0.1 + index * 0.2, 0.1, parent=outer,
                attributes=key(number), error="ValueError: no city" if number in failed else None,
            )  # fmt: skip

    for first in range(1, 43, 3):
        at = first * 60.0
        messages = {n: shop.place(n, at + n - first) for n in range(first, first + 3)}
        take(messages, at + 5, failed=(5, 11))
        if 5 in messages:
            take({5: messages[5]}, at + 35)
    shop.place(50, MUCH_LATER * 3)
    s.expected["executions"] = {
        "count": 43,
        "status": {"completed": 41, "failed": 1, "running": 1},
        "of": {order(5): {"status": "completed"}, order(11): {"status": "failed"}},
    }


@scenario("failed-half-undone")
def half_undone(s: Scenario) -> None:
    """A saga undoes its steps side by side; where one of them cannot be undone, it failed.

    No carrier takes ord-1041 and ord-1042. The stock is released and the money returned, for
    ord-1041; the bank does not take back that of ord-1042.
    """
    names = ("orders", "inventory", "payment", "shipping")
    orders, inventory, payment, shipping = (s.service(name, name) for name in names)

    def run(number: int, shipped: str | None = None, refunded: str | None = None) -> None:
        at, facts = number * 60.0, key(number)
        root = s.serve(orders, "POST /orders", at, 0.9, attributes=facts)
        more: dict[str, Any] = {"parent": root, "attributes": facts}
        s.call(orders, inventory, "POST /reservations", at + 0.05, 0.1, **more)
        s.call(orders, payment, "POST /charges", at + 0.2, 0.1, **more)
        s.call(orders, shipping, "POST /shipments", at + 0.35, 0.1, error=shipped, **more)
        if shipped:
            s.call(orders, inventory, "DELETE /reservations/{id}", at + 0.5, 0.2, **more)
            s.call(orders, payment, "POST /refunds", at + 0.5, 0.3, error=refunded, **more)

    for number in range(1, _LEARNED + 1):
        run(number)
    run(41, "ValueError: no carrier")
    run(42, "ValueError: no carrier", "ConnectionError: refused")
    s.expected["executions"] = {
        "of": {order(41): {"status": "compensated"}, order(42): {"status": "failed"}}
    }


@scenario("failed-and-undone-within-the-request")
def undone_within_the_request(s: Scenario) -> None:
    """Who books the parts of a trip takes back the first when the second fails, and fails itself.

    All of it is within one request, which began before anything failed. The hotel of trip-41 is
    deleted again; that of trip-42 is only looked at, and of trip-43 it cannot be deleted.
    """
    trips, hotel, flight = (s.service(name, name) for name in ("trips", "hotel", "flight"))

    def run(number: int, then: str | None = None, refused: str | None = None) -> None:
        at, facts = number * 60.0, {"trip.id": f"trip-{number}"}
        full = "NoSeatError: full" if then else None
        root = s.serve(trips, "POST /trips", at, 0.9, attributes=facts, error=full)
        more: dict[str, Any] = {"parent": root, "attributes": facts}
        s.call(trips, hotel, "POST /bookings", at + 0.05, 0.1, **more)
        s.call(trips, flight, "POST /seats", at + 0.2, 0.1, error=full, **more)
        if then:
            s.call(trips, hotel, then, at + 0.5, 0.2, error=refused, **more)

    for number in range(1, _LEARNED + 1):
        run(number)
    run(41, "DELETE /bookings/{id}")
    run(42, "GET /bookings/{id}")
    run(43, "DELETE /bookings/{id}", "ConnectionError: refused")
    s.expected["executions"] = {
        "of": {
            "trip-41": {"status": "compensated"},
            "trip-42": {"status": "failed"},
            "trip-43": {"status": "failed"},
        }
    }


@scenario("orp002-not-an-aborted-transaction", lookalike_of=("ORP002", "ORP004"))
def aborted_transaction(s: Scenario) -> None:
    """What a transaction published that was aborted is seen by nobody, and lost by nobody.

    A new instance fences off the enricher while it works on ord-1010 and ord-1020: Kafka aborts the
    transaction, the message is taken again, and what is published then is shipped.
    """
    shop = Shop.of(s)
    enricher = s.service("enricher", "data")
    for number in range(1, _LEARNED + 1):
        at = number * 60.0
        enriched = message = shop.place(number, at)
        for go in range(2 if number in (10, 20) else 1):
            fenced = "ProducerFencedException: aborted" if number in (10, 20) and go == 0 else None
            step = s.process(
                enricher, message, at + 1 + go * 2, 0.3, attributes=key(number), error=fenced
            )
            enriched = s.publish(enricher, "orders.enriched", step.start + 0.1, parent=step)
        shop.ship(number, enriched, at=at + 6)
    shop.place(60, MUCH_LATER * 2)
    s.expected["executions"] = {
        "of": {order(10): {"status": "completed"}, order(20): {"status": "completed"}}
    }


_GATEWAY = {"server.address": "cards.example", "http.response.status_code": 402}
_DECLINED = "CardError: declined"


@dataclass
class _Choreography:
    """checkout tells payment of an order, payment tells shipping; and checkout, how it stands."""

    scenario: Scenario

    def __post_init__(self) -> None:
        s = self.scenario
        self.shop = Shop.of(s)
        self.cards = s.service("cards", "payments")

    def pay(
        self,
        number: int,
        message: Span | None = None,
        *,
        error: str | None = None,
        refused: bool = False,
    ) -> Span:
        """Charge the card: a call to a provider that may fail, or one to a service that refuses."""
        s, shop = self.scenario, self.shop
        message = message or shop.place(number, number * 60.0, charge=False)
        facts = key(number)
        step = s.process(shop.payment, message, message.end + 0.5, 0.3, attributes=facts)
        s.span(
            shop.payment, "POST", Kind.CLIENT, step.start + 0.01, 0.1, parent=step,
            attributes=_GATEWAY if error else {"server.address": "cards.example"}, error=error,
        )  # fmt: skip
        if refused:
            facts = {**facts, "http.response.status_code": 409}
            s.call(shop.payment, self.cards, "POST /holds", step.start + 0.12, 0.05, parent=step,
                attributes=facts)  # fmt: skip
        self.tell("payments.status", step, 0.2)
        return step

    def tell(self, destination: str, step: Span, after: float, *, taken: bool = True) -> Span:
        """Tell checkout, and let it do something about it."""
        s, shop = self.scenario, self.shop
        told = s.publish(shop.payment, destination, step.start + after, parent=step)
        return s.process(shop.checkout, told, told.end + 0.4, 0.05) if taken else told

    def capture(self, number: int, step: Span) -> None:
        """Tell shipping, which ships."""
        message = self.scenario.publish(
            self.shop.payment, "payments.captured", step.start + 0.25, parent=step
        )
        self.shop.ship(number, message)


@scenario("orp004-not-declined-for-the-first-time", lookalike_of=("ORP004", "STL002"))
def declined_for_the_first_time(s: Scenario) -> None:
    """Two orders are declined by message, which nobody has seen before.

    Payment handles what the provider answered to ord-1020 (and to ord-1025 the refusal of a service
    of its own) and tells checkout, which took the order and calls it off. That is the end: work
    that is handed back to an earlier participant after an error went another way on.
    """
    world = _Choreography(s)
    for number in range(1, _LEARNED + 11):
        declined = number in (20, 25)
        error = _DECLINED if number == 20 else None
        step = world.pay(number, error=error, refused=number == 25)
        if declined:
            world.tell("payments.failed", step, 0.22)
        else:
            world.capture(number, step)
    world.capture(61, world.pay(61))
    s.expected["executions"] = {
        "count": _LEARNED + 11,
        "of": {order(20): {"status": "completed"}, order(25): {"status": "completed"}},
    }


@scenario("orp004-after-an-error")
def after_an_error(s: Scenario) -> None:
    """An error that payment handled is no way on by itself.

    ord-1020 told checkout how it stands, as every order does, and nothing else. What ord-1023 told
    nobody took. ord-1026 was handed back without an error. ord-1029 was handed back and paid by
    another try, and then nobody shipped it.
    """
    world = _Choreography(s)
    for number in range(1, _LEARNED + 11):
        if number not in (20, 23, 26, 29):
            world.capture(number, world.pay(number))
            continue
        error = None if number == 26 else _DECLINED
        step = world.pay(number, error=error)
        if number != 20:
            told = world.tell("payments.failed", step, 0.22, taken=number != 23)
            if number == 29:
                again = s.publish(
                    world.shop.checkout, "orders.placed", told.end - 0.01, parent=told
                )
                world.pay(number, again)
                s.expect("DUP002", order(29))
        s.expect("ORP004", order(number), team="logistics", mentions=["payments.captured"])
    world.capture(61, world.pay(61))
