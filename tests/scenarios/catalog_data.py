"""Clocks that disagree (DAT001)."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, MUCH_LATER, ORDERS, Shop, key, order


@scenario("dat001-clock-skew")
def clock_skew(s: Scenario) -> None:
    """The clock of one instance is three seconds behind.

    Every ``POST /charge`` of payment seems to begin three seconds before the call that caused
    it. One finding for the two instances, with the offset; the order of the steps stays that of
    cause and effect, and the calls stay calls that returned.
    """
    shop = Shop.of(s, payment=s.service("payment", "payments", skew=-3.0))
    shop.orders(LEARNED)
    shop.order(LEARNED + 1, LEARNED * 60.0 + MUCH_LATER)
    s.expect("DAT001", mentions=["payment-1", "checkout-1"])
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "payment", "type": "call", "mode": "sync"}
    ]


@scenario("dat001-consumer-before-producer")
def consumer_before_producer(s: Scenario) -> None:
    """A message seems to be processed before it was sent.

    Shipping's clock is half a minute slow, so each shipment begins before its message, and
    before the order itself. The trace says what caused what: nothing is reordered, the workflow
    still begins with ``POST /orders``.
    """
    shop = Shop.of(s, shipping=s.service("shipping", "logistics", skew=-30.0))
    for number in ORDERS:
        shop.ship(number, shop.place(number, number * 60.0), joined_by="parent")
    s.expect("DAT001", mentions=["shipping-1", "checkout-1"])
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "all": {"workflow": "POST /orders"},
        "status": {"completed": LEARNED + 1},
    }
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "shipping", "type": "message", "mode": "async"}
    ]


@scenario("dat001-clock-in-2099", lookalike_of=("STL001", "STL002"))
def clock_in_2099(s: Scenario) -> None:
    """One span comes from the year 2099.

    A second instance of payment booted with a wrong clock and handled one charge before it was
    stopped. The recording does not therefore reach to 2099: the last message, sent 40 seconds
    before its end, is not stalled.
    """
    shop = Shop.of(s)
    wrong = s.service("payment", "payments", instance="payment-2", skew=74 * 365.25 * 86400.0)
    for number in range(1, LEARNED + 1):
        at = number * 60.0
        message = shop.place(number, at, charge=number != 20)
        if number == 20 and message.parent:
            client = s.span(
                shop.checkout, "POST", Kind.CLIENT, at + 0.01, 0.06, parent=message.parent,
                attributes={"server.address": "payment"},
            )  # fmt: skip
            s.serve(wrong, "POST /charge", at + 0.02, 0.04, parent=client, attributes=key(number))
        shop.ship(number, message)
    end = (LEARNED + 1) * 60.0
    shop.place(LEARNED + 1, end)
    s.serve(shop.checkout, "POST /orders", end + 40.0, 0.12, attributes=key(LEARNED + 2))
    s.expect("DAT001", mentions=["payment-2"])
    s.expected["executions"] = {
        "count": LEARNED + 2,
        "of": {order(LEARNED + 1): {"status": "running"}},
    }


@scenario("dat001-not-jitter", lookalike_of=("DAT001",))
def jitter(s: Scenario) -> None:
    """Two clocks differ by the few milliseconds that all clocks differ by.

    Payment's clock is three milliseconds slow: nearly all of its spans begin before the call that
    caused them, by up to 6 ms. That is what synchronised clocks promise, and no more.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number))
        client = s.span(
            shop.checkout, "POST", Kind.CLIENT, at + 0.01, 0.06, parent=root,
            attributes={"server.address": "payment"},
        )  # fmt: skip
        early = s.random.uniform(-0.006, 0.0005)
        s.serve(
            shop.payment, "POST /charge", at + 0.01 + early, 0.05, parent=client,
            attributes=key(number),
        )  # fmt: skip
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.1, parent=root))
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("dat001-not-backdated", lookalike_of=("DAT001",))
def backdated(s: Scenario) -> None:
    """A few spans begin before their parents; the clocks agree.

    Payment dates a request back to when the connection was accepted. Where checkout had opened
    its connection ahead of time, four times in all, ``POST /charge`` begins a fifth of a second
    before the call. A clock that is wrong is wrong every time.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number))
        client = s.span(
            shop.checkout,
            "POST",
            Kind.CLIENT,
            at + 0.01,
            0.06,
            parent=root,
            attributes={"server.address": "payment"},
        )
        early = 0.2 if number % 10 == 5 else 0.0
        s.serve(
            shop.payment,
            "POST /charge",
            at + 0.015 - early,
            0.05 + early,
            parent=client,
            attributes=key(number),
        )
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.1, parent=root))
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "payment", "type": "call", "mode": "sync"}
    ]
