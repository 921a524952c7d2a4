"""Clocks that disagree (DAT001)."""

from __future__ import annotations

from typing import Any

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


@scenario("dat001-clock-ahead")
def clock_ahead(s: Scenario) -> None:
    """The clock of one instance is two seconds ahead, and gains on the other.

    No ``POST /charge`` of payment begins before its call; but checkout waited for each of them, and
    each seems to end two seconds after its call returned, a tenth of a second more at the end. A
    worker on payment's host, whose clock is right, shows nothing. One finding, with the offset.
    """
    for number in ORDERS:
        at = number * 60.0
        skew = 2.0 + number / 400
        payment = s.service("payment", "payments", skew=skew)
        Shop.of(s, payment=payment).order(number, at)
    s.expect("DAT001", service="payment", mentions=["payment-1", "checkout-1", "ahead of"])
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "payment", "type": "call", "mode": "sync"}
    ]


@scenario("dat001-not-fire-and-forget", lookalike_of=("DAT001",))
def fire_and_forget(s: Scenario) -> None:
    """Work begins and ends after the call that asked for it; the clocks agree.

    Checkout tells audit and does not wait: audit begins up to a second later, when it is free. What
    it streams to search arrives a little late as a whole. It gives up on fraud: an error. Mail is
    told through a queue. And one charge of many is late, for whatever reason.
    """
    shop = Shop.of(s)
    others = {name: s.service(name, "platform") for name in ("audit", "search", "fraud", "mail")}
    others["payment"] = shop.payment

    def told(
        name: str, what: str, at: float, lasts: float, late: float, took: float, **more: Any
    ) -> None:
        client = s.span(
            shop.checkout, what, Kind.CLIENT, at, lasts, parent=root,
            attributes={"server.address": name, **more.pop("facts", {})}, **more,
        )  # fmt: skip
        s.serve(others[name], f"POST /{what}", at + late, took, parent=client)

    for number in range(1, 25):
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 1.9, attributes=key(number))
        if number == 20:
            told("payment", "charge", at + 0.01, 0.06, 1.0, 0.04)
        else:
            shop.charge(number, at + 0.01, root)
        told("audit", "audit", at + 0.1, 0.008, s.random.uniform(0.05, 1.0), 0.005)
        told("search", "index", at + 0.2, 0.6, s.random.uniform(0.06, 0.1), 0.55)
        told("fraud", "score", at + 0.3, 0.5, 0.4, 0.45, error="TimeoutError: gave up")
        sent = {"messaging.system": "aws_sqs", "messaging.destination.name": "mails"}
        facts = {**sent, "messaging.operation.type": "send"}
        told("mail", "mails", at + 0.9, 0.02, 0.5, 0.015, facts=facts)
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 1.0, parent=root))
    s.expected["executions"] = {"count": 24}


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
