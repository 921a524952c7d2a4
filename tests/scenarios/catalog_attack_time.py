"""Missing parents with a reason, the edges of recordings, and keys that coincide."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import MUCH_LATER, ORDERS, Shop, key, order


@scenario("orp001-dropped-after-a-deployment")
def dropped_after_deployment(s: Scenario) -> None:
    """A span is dropped long after a deployment replaced every instance.

    The old instances of checkout fell silent, as they should. That has nothing to do with the
    span that is missing above order 35: its cause is unknown, not a crash.
    """
    old = s.service("checkout", "storefront", instance="checkout-old")
    new = [s.service("checkout", "storefront", instance=f"checkout-new-{n}") for n in range(2)]
    shop = Shop.of(s)
    for number in ORDERS:
        shop.checkout = old if number <= 15 else new[number % 2]
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number))
        shop.charge(number, at + 0.01, root, lost_client=number == 35)
    s.expect("ORP001", order(35), service="checkout", mentions=["Cause: unknown"])


@scenario("orp001-not-before-the-recording", lookalike_of=("ORP001", "ORP002", "ORP004"))
def before_the_recording(s: Scenario) -> None:
    """The recording begins while orders are under way.

    What ended before is not in it: the sends of the first two orders, whose messages were still
    in the queue, and their requests. The parents of those shipments are older than the recording.
    """
    shop = Shop.of(s)
    for number in range(1, 43):
        at = number * 60.0
        early = number <= 2
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number), lost=early)
        message = s.publish(shop.checkout, shop.destination, at + 0.1, parent=root, lost=early)
        shop.ship(number, message, joined_by="parent", at=at + s.random.uniform(130.0, 150.0))


@scenario("orp001-not-filtered-callers", lookalike_of=("ORP001",))
def filtered_callers(s: Scenario) -> None:
    """A collector drops the spans of health checks, but not the queries below them.

    ``SELECT 1`` is asked by orders and by health checks; of a hundred and thirty, twelve have no
    parent, one every ten minutes. That is a filter at work, not twelve accidents.
    """
    checkout = s.service("checkout", "storefront")
    database = {"db.system.name": "postgresql", "db.namespace": "orders"}
    for number in range(1, 121):
        at = number * 60.0
        root = s.serve(checkout, "POST /orders", at, 0.05, attributes=key(number))
        s.span(checkout, "SELECT 1", Kind.CLIENT, at, 0.01, parent=root, attributes=database)
        if number % 10 == 5:
            health = s.serve(checkout, "GET /health", at + 30.0, 0.02, lost=True)
            s.span(
                checkout, "SELECT 1", Kind.CLIENT, at + 30.0, 0.01, parent=health,
                attributes=database,
            )  # fmt: skip


@scenario("orp001-not-long-job", lookalike_of=("ORP001",))
def long_job(s: Scenario) -> None:
    """A nightly job takes two hours and pauses between its calls; the last one is still running."""
    job = s.service("nightly", "data")
    bank = s.service("bank", "payments")
    for night in range(4):
        at = night * 10_000.0
        run = s.span(job, "settle", Kind.INTERNAL, at, 7200.0, lost=night == 3)
        for part in range(6 if night < 3 else 2):
            start = at + part * 1200.0
            call = s.span(job, "POST", Kind.CLIENT, start, 0.5, parent=run)
            s.serve(bank, "POST /settle", start, 0.4, parent=call)
    other = s.service("web", "storefront")
    for minute in range(100):
        s.serve(other, "GET /", minute * 325.0, 0.01)
    no_key = "no key: of one trace, or of traces that are linked"
    s.expected["handoffs"] = [{"from_service": "nightly", "evidence": no_key}]


@scenario("orp004-not-gap-in-the-recording", lookalike_of=("ORP001", "ORP002", "ORP004", "STL001"))
def gap_in_recording(s: Scenario) -> None:
    """Two recordings of one system, a day apart; what lay between was not recorded.

    At the end of the first, order 25 was in the queue and order 24 about to be delivered. The
    next day tells nothing of them.
    """
    shop = Shop.of(s)
    courier = s.service("courier", "logistics")
    for number in range(1, 51):
        at = number * 60.0 + (86_400.0 if number > 25 else 0.0)
        message = shop.place(number, at, charge=False)
        if number == 25:
            continue
        shipment = shop.ship(number, message)
        if number != 24:
            start = shipment.end + s.random.uniform(30.0, 50.0)
            s.span(courier, "deliver", Kind.INTERNAL, start, 5.0, attributes=key(number))


@scenario("keys-not-coinciding-numbers")
def coinciding_numbers(s: Scenario) -> None:
    """Orders and tickets count from the same number, in systems that never meet.

    ``order.no`` 100017 and ``ticket.no`` 100017 are two things. Equal numbers prove nothing where
    the two attributes are never seen together.
    """
    checkout, shipping = s.service("checkout", "storefront"), s.service("shipping", "logistics")
    desk, agent = s.service("helpdesk", "support"), s.service("agents", "support")
    for number in range(1, 41):
        at, count = number * 60.0, 100_000 + number
        s.serve(checkout, "POST /orders", at, 0.1, attributes={"order.no": count})
        s.span(shipping, "ship", Kind.INTERNAL, at + 2.0, 0.1, attributes={"order.no": count})
        s.serve(desk, "POST /tickets", at + 9.0, 0.1, attributes={"ticket.no": count})
        s.span(agent, "answer", Kind.INTERNAL, at + 19.0, 0.1, attributes={"ticket.no": count})
    s.expected["executions"] = {"count": 80, "status": {"completed": 80}}


@scenario("keys-not-customers", lookalike_of=("DUP002", "ORP004"))
def customers(s: Scenario) -> None:
    """Customers are on every span, and most of them order once.

    Their visits join as many traces as an order does, but begin again and again; the order is
    what one execution is.
    """
    shop = Shop.of(s)
    for number in range(1, 46):
        who = {"customer.id": f"cus-{number if number % 9 else number - 1:05}"}
        at = number * 60.0
        for visit in range(1 + (number % 6 == 0)):
            s.serve(shop.checkout, "GET /profile", at - 20.0 + visit * 3, 0.02, attributes=who)
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes={**key(number), **who})
        message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
        shop.ship(number, message, attributes=who)
    s.expected["keys"] = ["order.id"]


@scenario("keys-shared-by-tenants")
def tenants(s: Scenario) -> None:
    """Two tenants number their orders alike, and only the number was declared as the key.

    Each number is of two orders, which is more than the spans can tell apart by it: the reason why
    it is a key says so, and within what it would be none of two.
    """
    shop = Shop.of(s)
    for number in range(1, 13):
        for after, tenant in ((0.0, "acme"), (7.0, "globex")):
            at, who = number * 60.0 + after, {"tenant.id": tenant, "order.channel": "web"}
            root = s.serve(
                shop.checkout, "POST /orders", at, 0.1, attributes={**key(number), **who}
            )
            message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
            shop.ship(number, message, attributes=who)
    s.expected["settings"] = {"keys": [{"name": "order.id"}]}
    s.expected["keys"] = ["order.id"]
    s.expected["reasons"] = {
        "order.id": "declared, but reused: 100% of its values start their workflow again; "
        "never within one tenant.id: tracemap keys set 'order.id per tenant.id'",
        "tenant.id": "reused",
    }


@scenario("keys-unique-within-a-tenant", lookalike_of=("DUP002", "ORP004", "DUP001"))
def within_a_tenant(s: Scenario) -> None:
    """Two tenants number their orders alike, and the key is declared to be unique within one.

    The tenant stands beside the number, anywhere else in the trace, or on the resource of who
    works for one tenant alone. In a nightly run for both tenants each order is of the tenant that
    the nearest span above it names. An order of no tenant stands by itself.
    """
    shop = Shop.of(s)
    own = {t: s.service("reminder", "care", resource={"tenant": t}) for t in ("acme", "globex")}
    numbers = range(1, 13)
    for number in numbers:
        for after, tenant in ((0.0, "acme"), (7.0, "globex")):
            at, who = number * 60.0 + after, {"tenant.id": tenant}
            root = s.serve(
                shop.checkout, "POST /orders", at, 0.1, attributes={**key(number), **who}
            )
            message = s.publish(shop.checkout, shop.destination, at + 0.05, parent=root)
            shipped = shop.ship(number, message)
            s.span(shop.shipping, "label", Kind.INTERNAL, shipped.start + 0.01, 0.02,
                parent=shipped, attributes=who)  # fmt: skip
            s.span(own[tenant], "remind", Kind.INTERNAL, at + 20.0, 0.1, attributes=key(number))
    night = s.span(shop.checkout, "nightly", Kind.INTERNAL, 800.0, 30.0)
    for after, tenant in ((1.0, "acme"), (11.0, "globex")):
        of = s.span(shop.checkout, "close all", Kind.INTERNAL, 800.0 + after, 9.0, parent=night,
            attributes={"tenant.id": tenant})  # fmt: skip
        for number in numbers:
            s.call(shop.checkout, shop.payment, "POST /close", 800.0 + after + number / 2, 0.1,
                parent=of, attributes=key(number))  # fmt: skip
    s.span(shop.payment, "audit", Kind.INTERNAL, 900.0, 0.1, attributes=key(3))
    s.expected["settings"] = {"keys": [{"name": "order.id", "per": ["tenant.id", "tenant"]}]}
    s.expected["reasons"] = {"order.id": "declared, within tenant.id"}
    s.expected["executions"] = {
        "count": 2 * len(numbers) + 2,
        "of": {
            f"acme/{order(3)}": {"workflow": "POST /orders", "traces": 4, "status": "completed"},
            f"globex/{order(3)}": {"workflow": "POST /orders", "traces": 4},
            order(3): {"workflow": "audit", "traces": 1},
        },
    }


@scenario("steps-named-after-their-data", lookalike_of=("DUP002", "ORP004"))
def named_after_data(s: Scenario) -> None:
    """Span names with ids of all kinds in them are one step all the same."""
    checkout = s.service("checkout", "storefront")
    mailer = s.service("mailer", "messaging")
    for number in range(1, 37):
        at, word = number * 60.0, f"{number * 7919:08x}c0ffee"
        s.serve(checkout, f"POST /orders/{word}/confirm", at, 0.1, attributes=key(number))
        if number != 20:
            to = f"jane.doe+{number}@example{number % 3}.org"
            s.span(mailer, f"mail {to}", Kind.INTERNAL, at + 2.0, 0.1, attributes=key(number))
    s.serve(checkout, "GET /health", 36 * 60.0 + MUCH_LATER, 0.01)
    s.findings.append({"rule": "ORP004", "correlation": order(20), "service": "mailer"})
    s.lookalike_of = ("DUP002",)
