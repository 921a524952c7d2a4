"""Steps run twice (DUP002), and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

from scenarios.builder import Kind, Scenario, Span
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Shop, key, order


@scenario("dup002-charged-twice")
def charged_twice(s: Scenario) -> None:
    """A customer is charged twice in one order.

    Checkout calls ``POST /charge`` twice for order 20, and both calls succeed. In every other
    order the step runs once. No message is involved: these are two calls.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0)
        if number == 20 and message.parent:
            shop.charge(number, number * 60.0 + 0.075, message.parent)
            _widen(s, message.parent)
        shop.ship(number, message)
    s.expect("DUP002", order(20), service="payment", team="payments")
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


def _widen(s: Scenario, root: Span) -> None:
    """Let a root last long enough for a second call."""
    at = s.spans.index(root)
    s.spans[at] = replace(root, end=root.end + 0.1)


@scenario("dup002-timed-out-caller")
def timed_out_caller(s: Scenario) -> None:
    """The caller gave up, the charge went through, the caller tried again.

    Checkout's first call for order 20 ends in a time-out on its side. Payment was slow but
    charged the customer. The retry charges again: to checkout a retry after a failure, in truth
    two successful charges.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        if number != 20:
            shop.order(number, at)
            continue
        root = s.serve(shop.checkout, "POST /orders", at, 1.4, attributes=key(number))
        client = s.span(
            shop.checkout, "POST", Kind.CLIENT, at + 0.01, 1.0, parent=root,
            attributes={"server.address": "payment"}, error="TimeoutError: no answer in 1 s",
        )  # fmt: skip
        s.serve(shop.payment, "POST /charge", at + 0.02, 1.1, parent=client, attributes=key(number))
        shop.charge(number, at + 1.2, root)
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 1.35, parent=root))
    s.expect("DUP002", order(20), service="payment", team="payments")


@scenario("dup002-not-retry", lookalike_of=("DUP002",))
def call_retried(s: Scenario) -> None:
    """A call fails and is repeated with success.

    Payment answers the first ``POST /charge`` of order 20 with an error and charges on the
    second. Two attempts at one step, of which one succeeded.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        if number != 20:
            shop.order(number, at)
            continue
        root = s.serve(shop.checkout, "POST /orders", at, 0.3, attributes=key(number))
        shop.charge(number, at + 0.01, root, error="Unavailable: the card network is down")
        shop.charge(number, at + 0.15, root)
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.25, parent=root))
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("dup002-not-too-few", lookalike_of=("DUP002",))
def too_few_to_know(s: Scenario) -> None:
    """A call is made twice, in a workflow that is hardly known.

    Checkout calls ``POST /charge`` twice for order 4. Five other orders are no basis for saying
    that the step runs once.
    """
    shop = Shop.of(s)
    for number in range(1, 7):
        message = shop.place(number, number * 60.0)
        if number == 4 and message.parent:
            shop.charge(number, number * 60.0 + 0.075, message.parent)
            _widen(s, message.parent)
        shop.ship(number, message)
    s.expected["executions"] = {"count": 6}


@scenario("dup002-not-polling", lookalike_of=("DUP002",))
def polling(s: Scenario) -> None:
    """Checkout asks for the state of a payment until it is settled.

    ``GET /payments/{id}`` runs one to five times in an order, each time with success. That is
    how this workflow works; the model knows it.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        polls = 1 + number % 5
        root = s.serve(shop.checkout, "POST /orders", at, 0.1 + polls * 0.1, attributes=key(number))
        for index in range(polls):
            s.call(
                shop.checkout,
                shop.payment,
                f"GET /payments/{7000 + number}",
                at + 0.05 + index * 0.1,
                0.03,
                parent=root,
            )


@scenario("dup002-not-loop", lookalike_of=("DUP002",))
def loop_over_lines(s: Scenario) -> None:
    """One reservation per line of the order.

    Most orders have one line, every third has two or three, and stock is asked for each. The step
    repeats with success because there is more than one thing to reserve.
    """
    checkout = s.service("checkout", "storefront")
    stock = s.service("stock", "warehouse")
    for number in ORDERS:
        at = number * 60.0
        lines = 1 if number % 3 else 2 + number % 2
        root = s.serve(checkout, "POST /orders", at, 0.05 + lines * 0.1, attributes=key(number))
        for index in range(lines):
            s.call(
                checkout, stock, "POST /reserve", at + 0.02 + index * 0.1, 0.05, parent=root,
                attributes=key(number),
            )  # fmt: skip


@scenario("dup002-and-what-it-led-to")
def and_what_it_led_to(s: Scenario) -> None:
    """A double click places order 20 twice: charged twice, and two messages shipped.

    What each of the two runs led to ran twice as well, by call and by message. That is one finding,
    of the step that began it.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        shop.order(number, number * 60.0)
        if number == 20:
            shop.order(number, number * 60.0 + 0.2)
    s.expect(
        "DUP002", order(20), service="checkout", effects=["POST /charge", "process orders.placed"]
    )
