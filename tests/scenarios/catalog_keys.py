"""Keys that each service spells its own way, and what numbers alone cannot tell from a key."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Shop, key, order


@scenario("keys-spelled-by-each-service")
def spelled_by_each_service(s: Scenario) -> None:
    """Three services say the same number by three names, and nothing else joins their traces.

    Each spelling alone stays in one service and joins nothing. Together they are the order: the
    names agree, and so do the values. A payment's id joins two of the services and not the third.
    """
    checkout, payment = s.service("checkout", "storefront"), s.service("payment", "payments")
    shipping = s.service("shipping", "logistics")
    for number in range(1, 13):
        at, count = number * 60.0, 4700 + number
        paid = {"payment.id": f"pay-{number:06}"}
        s.serve(checkout, "POST /orders", at, 0.1, attributes={"orderNumber": count})
        s.span(
            payment, "charge", Kind.INTERNAL, at + 2.0, 0.1, attributes={"order_no": count, **paid}
        )
        s.span(
            shipping, "ship", Kind.INTERNAL, at + 4.0, 0.1,
            attributes={"app.order_id": str(count), **paid},
        )  # fmt: skip
    s.expected["keys"] = ["order_no", "payment.id"]
    s.expected["executions"] = {"count": 12, "all": {"traces": 3}, "status": {"completed": 12}}
    s.expected["reasons"] = {
        "order_no": "joins: 100%",
        "orderNumber": "another spelling of order_no",
        "app.order_id": "another spelling of order_no",
    }


@scenario("keys-not-customers-who-came-once", lookalike_of=("DUP002", "ORP004"))
def customers_who_came_once(s: Scenario) -> None:
    """Six orders of six customers: nobody has come again yet, and no two paid the same.

    By numbers alone the customer, the amount and the time of each order are as good a key as the
    order's id. By what they are called, the one comes again and the others measure something.
    """
    shop = Shop.of(s)
    for number in range(1, 7):
        at = number * 60.0
        said = {
            "customer.id": f"cus-{number:05}",
            "billingAccount": f"acc-{number:05}",
            "customer.email": f"c{number}@example.com",
            "amount_cents": 1900 + 7 * number,
            "order.created_at": f"2025-03-03T09:{number:02}:00Z",
        }
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=said)
        s.call(
            shop.checkout, shop.payment, "POST /charge", at + 0.01, 0.04, parent=root,
            attributes={**key(number), **said},
        )  # fmt: skip
        message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
        shop.ship(number, message, attributes=said)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": 6, "all": {"traces": 2}, "status": {"completed": 6}}
    s.expected["reasons"] = {
        "customer.id": "comes again",
        "amount_cents": "measures",
        "order.created_at": "measures",
    }


@scenario("keys-of-customers-themselves")
def customers_themselves(s: Scenario) -> None:
    """Accounts are opened: here the customer is what an execution is of, and nothing else is."""
    desk, checks = s.service("onboarding", "accounts"), s.service("checks", "risk")
    for number in range(1, 13):
        at, who = number * 60.0, {"customer.id": f"cus-{number:05}"}
        s.serve(desk, "POST /customers", at, 0.1, attributes=who)
        s.span(checks, "screen customer", Kind.INTERNAL, at + 5.0, 0.2, attributes=who)
    s.expected["keys"] = ["customer.id"]
    s.expected["executions"] = {"count": 12, "all": {"traces": 2}, "status": {"completed": 12}}


@scenario("keys-before-correlation-ids")
def before_correlation_ids(s: Scenario) -> None:
    """A correlation id is made for each order and goes everywhere, further than the order's own id.

    Both join the same traces, and the one leads to the other. People ask for the order.
    """
    shop = Shop.of(s)
    gateway = s.service("gateway", "platform")
    for number in range(1, 13):
        at, along = number * 60.0, {"x-correlation-id": f"{number * 7919:08x}-c0de"}
        root = s.serve(gateway, "POST /shop", at, 0.2, attributes=along)
        s.call(
            gateway, shop.checkout, "POST /orders", at + 0.01, 0.15, parent=root,
            attributes={**key(number), **along},
        )  # fmt: skip
        message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
        shop.ship(number, message, attributes=along)
        s.span(shop.payment, "settle", Kind.INTERNAL, at + 20.0, 0.1, attributes=along)
    s.expected["keys"] = ["order.id", "x-correlation-id"]
    s.expected["executions"] = {
        "count": 12,
        "all": {"traces": 3},
        "of": {order(number): {"status": "completed"} for number in range(1, 13)},
    }
    s.expected["handoffs"] = [
        {
            "to_name": "settle",
            "evidence": f"order.id {order(5)}: the step before carries it, the one after carries "
            "x-correlation-id, which stands for it",
        }
    ]


@scenario("keys-pressed-twice")
def pressed_twice(s: Scenario) -> None:
    """The button was pressed twice for three of 41 orders, and each press is a trace of its own.

    The orders begin again, as those of a customer do who comes back; but within seconds, and few of
    them. That an order was taken twice is what people want to know of it, not that it is no order.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        if number in (7, 19, 31):
            s.serve(shop.checkout, "POST /orders", at - 1.5, 0.1, attributes=key(number))
            s.expect("DUP002", order(number), service="checkout", mentions=["1.5 s apart"])
        shop.order(number, at)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("keys-of-which-few-join")
def few_join(s: Scenario) -> None:
    """Most orders are done in one trace; every fifth is shipped later, from a table.

    A fifth of the values joins, and the others name their trace: together they are a key.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=key(number))
        shop.charge(number, at + 0.01, root)
        if number % 5 == 0:
            s.span(shop.shipping, "ship", Kind.INTERNAL, at + 5.0, 0.1, attributes=key(number))
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("keys-of-tenants-found", lookalike_of=("DUP002", "ORP004", "DUP001"))
def tenants_found(s: Scenario) -> None:
    """Three tenants number their orders alike, and nobody declared anything.

    The number is reused twelve times out of twelve; never by one tenant. So an order is a number of
    a tenant. A tenant is not an order of a number, nor is a channel that a number comes by once.
    """
    shop = Shop.of(s)
    for number in range(1, 13):
        for after, tenant in enumerate(("acme", "globex", "initech")):
            at = number * 60.0 + after * 7
            who = {"tenant.id": tenant, "customer.id": f"{tenant}-{number % 5}"}
            root = s.serve(
                shop.checkout, "POST /orders", at, 0.1, attributes={**key(number), **who}
            )
            message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
            shipped = shop.ship(number, message)
            s.span(shop.shipping, "label", Kind.INTERNAL, shipped.start + 0.01, 0.02,
                parent=shipped, attributes=who)  # fmt: skip
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": 36,
        "all": {"traces": 2},
        "of": {f"{t}/{order(3)}": {"status": "completed"} for t in ("acme", "globex", "initech")},
    }
    s.expected["reasons"] = {
        "order.id": "within one tenant.id it joins: 100%",
        "tenant.id": "reused: 100% of its values start their workflow again",
        "customer.id": "reused: 100% of its values start their workflow again",
    }


@scenario("keys-numbered-by-the-day", lookalike_of=("DUP002", "ORP004", "DUP001"))
def numbered_by_the_day(s: Scenario) -> None:
    """Orders are numbered by the day, and each is one order.

    A hash that reads eight bytes at a time, and lets what differs in the last of them be undone by
    the last of the next, takes 20250102-0000002 and 20250105-0000009 for one.
    """
    shop = Shop.of(s)
    numbers = [
        f"2025010{day}-00000{n:02}"
        for day, of_day in ((2, (2, 3, 8, 9, 12, 13, 18, 19)), (5, (9, 8, 3, 2, 19, 18, 13, 12)))
        for n in of_day
    ]
    for place, number in enumerate(numbers):
        at, said = place * 60.0, {"order.id": number}
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=said)
        message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
        shop.ship(0, message, attributes=said)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": len(numbers),
        "all": {"traces": 2},
        "of": {number: {"status": "completed"} for number in numbers},
    }


@scenario("keys-of-a-provider-s-callback", lookalike_of=("ORP004",))
def callback(s: Scenario) -> None:
    """A payment provider calls back, and names the payment, not the order.

    Both numbers stand in the trace of the order; all of it is one service's. What the provider has
    yet to confirm (ord-1045) awaits the callback. A request's own number ties nothing.
    """
    shop, shipping = s.service("shop", "storefront"), s.service("shipping", "logistics")

    def run(number: int, *, confirmed: bool = True) -> None:
        at, paid = number * 60.0, {"payment.id": f"pay-{9000 + number}"}
        facts = {**key(number), "app.request.id": f"r-{number}"}
        root = s.serve(shop, "POST /orders", at, 0.2, attributes=facts)
        asked = {"server.address": "psp.example", **paid}
        s.span(shop, "POST", Kind.CLIENT, at + 0.05, 0.1, parent=root, attributes=asked)
        if confirmed:
            back = s.serve(shop, "POST /callbacks", at + 20.0 + number, 0.1, attributes=paid)
            told = s.publish(shop, "paid", back.start + 0.05, parent=back)
            s.process(shipping, told, at + 90, 0.2)

    for number in range(1, 45):
        run(number)
    run(45, confirmed=False)
    s.expected["keys"] = ["order.id", "payment.id"]
    s.expected["executions"] = {
        "count": 45,
        "of": {
            order(10): {"traces": 3, "status": "completed", "services": ["shipping", "shop"]},
            order(45): {"traces": 1, "status": "running"},
        },
    }
    s.expected["custody"] = [{"correlation": order(45), "holder": "shop", "holder_kind": "between"}]
